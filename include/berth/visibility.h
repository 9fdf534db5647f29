/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BERTH_VISIBILITY_H
#define BERTH_VISIBILITY_H

/** Marks a function that the library exports; all others are hidden. */
#if defined(__GNUC__)
#define BERTH_PUBLIC __attribute__((visibility("default")))
#else
#define BERTH_PUBLIC
#endif

#endif
