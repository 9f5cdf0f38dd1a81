// class No1700000000007
/* class No1700000000008 {} */
const s = 'class No1700000000009 {}', r = /class No1700000000010 {}[/]'/, t = `class No1700000000011 ${'}'} {}`;
export class Yes1700000000012 { static name = 'No1700000000013'; sub = { name: 'x' }; }
