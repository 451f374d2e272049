/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sched/alarm.h"
#include "cpu/timer.h"

static struct list alarms = LIST(alarms); /* by time */

void alarm_init(struct alarm *alarm, void (*ring)(struct alarm *alarm))
{
    list_init(&alarm->link);
    alarm->ring = ring;
}

void alarm_set(struct alarm *alarm, int64_t at)
{
    struct list *place = &alarms;

    list_remove(&alarm->link);
    alarm->at = at;
    /* From the end: most alarms are set for later than those that are there. */
    while (place->before != &alarms && LIST_OF(place->before, struct alarm, link)->at > at)
        place = place->before;
    list_insert(place, &alarm->link);
    if (alarms.next == &alarm->link)
        timer_arm(at);
}

void alarm_clear(struct alarm *alarm)
{
    list_remove(&alarm->link); /* the timer may now ring for nothing, once */
}

bool alarm_is_set(const struct alarm *alarm)
{
    return !list_empty(&alarm->link);
}

int64_t alarm_next(void)
{
    return list_empty(&alarms) ? INT64_MAX : LIST_OF(alarms.next, struct alarm, link)->at;
}

void alarms_run(void)
{
    while (!list_empty(&alarms)) {
        struct alarm *alarm = LIST_OF(alarms.next, struct alarm, link);

        if (alarm->at > timer_now()) {
            timer_arm(alarm->at);
            return;
        }
        list_remove(&alarm->link);
        alarm->ring(alarm);
    }
}
