export class Helper {}
export function help() {}
