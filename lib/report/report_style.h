/* SPDX-License-Identifier: Apache-2.0
 *
 * In which form a report for people is written. Pure.
 */
#ifndef MIGRATIOND_REPORT_REPORT_STYLE_H
#define MIGRATIOND_REPORT_REPORT_STYLE_H

#include "base/strbuf.h"

enum report_style { STYLE_PLAIN, STYLE_COLOUR, STYLE_MARKDOWN };

#endif
