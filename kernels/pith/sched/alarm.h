/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alarms: functions called when the clock reaches a time. They run with interrupts off, between two
 * instructions of the program or while the CPU idles. */
#ifndef PITH_ALARM_H
#define PITH_ALARM_H

#include "lib/list.h"

struct alarm {
    struct list link;
    int64_t at; /* timer_now()'s clock, ns */
    void (*ring)(struct alarm *alarm);
};

/* Before first use. */
void alarm_init(struct alarm *alarm, void (*ring)(struct alarm *alarm));

/* Call alarm->ring at `at`, instead of at an earlier given time. */
void alarm_set(struct alarm *alarm, int64_t at);

/* Not any more; harmless when not set. */
void alarm_clear(struct alarm *alarm);
bool alarm_is_set(const struct alarm *alarm);

/* When the next one rings, which may be over already; INT64_MAX: none does. */
int64_t alarm_next(void);

/* The timer's interrupt: ring what is due, and set the timer for what is next. */
void alarms_run(void);

#endif
