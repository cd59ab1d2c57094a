/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LICENSE_TEXT
#define LICENSE_TEXT "GPL"
#endif
