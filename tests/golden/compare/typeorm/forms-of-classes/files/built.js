"use strict";
exports.Built1700000000002 = void 0;
class Built1700000000002 {
    constructor() {
        this.name = 'Built1700000000002';
    }
    async up(queryRunner) { }
}
exports.Built1700000000002 = Built1700000000002;
//# sourceMappingURL=built.js.map
