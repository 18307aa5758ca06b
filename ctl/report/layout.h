/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The texts of report.css and of the layouts beside it, which the build embeds (embed.py). */

extern const char report_css[];
extern const char session_html[];
extern const char inspection_html[];
extern const char consents_html[];
extern const char incident_html[];
extern const char passport_html[];
