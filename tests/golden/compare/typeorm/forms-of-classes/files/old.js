"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Old1700000000003 = void 0;
var Old1700000000003 = /** @class */ (function () {
    function Old1700000000003() {
    }
    return Old1700000000003;
}());
exports.Old1700000000003 = Old1700000000003;
