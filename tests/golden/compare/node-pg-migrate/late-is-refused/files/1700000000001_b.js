exports.up = (pgm) => { pgm.createTable("t", { id: "id" }); };
