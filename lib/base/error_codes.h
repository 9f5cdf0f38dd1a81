/* SPDX-License-Identifier: Apache-2.0
 *
 * ERROR_CODE(name, label, text): every way in which lib/ can fail. `label` is stable and fit for a metric.
 */
ERROR_CODE(OK, "ok", "ok")
ERROR_CODE(NO_MEMORY, "no_memory", "out of memory")
ERROR_CODE(UNREACHABLE, "unreachable", "the server cannot be reached")
ERROR_CODE(TIMEOUT, "timeout", "the deadline passed")
ERROR_CODE(AUTH_FAILED, "auth_failed", "the server refused the credentials")
ERROR_CODE(FORBIDDEN, "forbidden", "the role lacks a permission")
ERROR_CODE(LOCKED, "locked", "locked by somebody else")
ERROR_CODE(CHANGED, "changed", "the object changed while it was read")
ERROR_CODE(NOT_FOUND, "not_found", "there is no such object")
ERROR_CODE(TRUNCATED, "truncated", "a limit was reached")
ERROR_CODE(INVALID, "invalid", "not what was expected")
ERROR_CODE(UNSUPPORTED, "unsupported", "not supported")
ERROR_CODE(IO, "io", "input or output failed")
ERROR_CODE(INTERNAL, "internal", "a bug in migrationd")
