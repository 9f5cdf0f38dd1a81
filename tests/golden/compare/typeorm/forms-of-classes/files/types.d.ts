export class Declared1700000000014 {}
