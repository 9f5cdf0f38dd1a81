export class Two1700000000006 {}
export default class Three1700000000005 extends Base<{ a: 1 }[0]> {}
