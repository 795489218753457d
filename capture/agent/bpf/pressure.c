/* Giving way as lanes fill: payload first, then single calls of high rate; what is not recorded is counted.
 *
 * The probe goes up by itself, also while the recorder does not run; the recorder goes down when it has
 * drained the lanes (capture/agent/pressure.py, which mirrors the structs).
 */

enum { ALL_IS_KEPT, WITHOUT_PAYLOAD, BULK_IS_COUNTED, LEVELS };

struct control {
    u32 level;
    u32 side;           /* which of the two tables of counts is written */
    u64 since[LEVELS];  /* when each level was reached, boot time; 0: it is not */
};
BPF_F_TABLE("array", int, struct control, controls, 1, 1 << 10 /* BPF_F_MMAPABLE */);

/* The calls of one thread that did the same to the same thing and were not recorded one by one. */
struct count_key {
    u64 ino;
    u32 dev;
    u32 tid;
    s32 fd;
    u16 code;
    u16 flags;
};
struct counts {
    u64 count, errors, bytes;
    u64 latency;        /* of all whose duration is known */
    u64 first, last;    /* boot time */
    u64 cgroup;
    u32 pid;
    u32 uid;
    u16 mode;
    u16 unused[3];
};
BPF_F_TABLE("hash", struct count_key, struct counts, counts_a, COUNTS, COUNTS_FLAGS);
BPF_F_TABLE("hash", struct count_key, struct counts, counts_b, COUNTS, COUNTS_FLAGS);
/* Zeros, for a new entry: the stack is small. */
BPF_ARRAY(no_counts, struct counts, 1);

/* Into the table that the recorder does not read now. False: the table is full. `moved`: bytes. */
static __always_inline bool count_call(struct head *h, u64 moved)
{
    int zero = 0;
    struct count_key key = {};
    struct control *control = controls.lookup(&zero);
    struct counts *none = no_counts.lookup(&zero), *to;
    if (!control || !none) return false;
    key.ino = h->ino;
    key.dev = h->dev;
    key.tid = h->tid;
    key.fd = h->fd;
    key.code = h->code;
    key.flags = h->flags & (F_COMPAT | F_X32);
    if (control->side) to = counts_b.lookup_or_try_init(&key, none);
    else to = counts_a.lookup_or_try_init(&key, none);
    if (!to) return false;
    /* No lock: no other thread has this key, and a thread is in one place. */
    if (!to->count) {
        to->first = h->time;
        to->cgroup = h->cgroup;
        to->pid = h->pid;
        to->uid = h->uid;
        to->mode = h->mode;
    }
    to->count += 1;
    to->last = h->time;
    if (h->latency != MAX_LATENCY) to->latency += h->latency;
    if (h->ret < 0 && h->ret >= -4095) to->errors += 1;
    else to->bytes += moved;
    return true;
}

static __always_inline u32 level_for(u64 used, u64 size)
{
    return used > size / 5 * 4 ? BULK_IS_COUNTED : used > size / 5 * 3 ? WITHOUT_PAYLOAD : ALL_IS_KEPT;
}

static __always_inline void reach(struct control *control, u32 level, u64 now)
{
    if (control->level >= level) return;
    if (!control->since[WITHOUT_PAYLOAD]) control->since[WITHOUT_PAYLOAD] = now;
    if (level == BULK_IS_COUNTED) control->since[BULK_IS_COUNTED] = now;
    control->level = level;
}

/* No room for a record: count the call, or at least that it is lost. */
static __always_inline void count_missed(struct head *h, u64 moved, int lane, u8 category)
{
    int zero = 0;
    struct control *control = controls.lookup(&zero);
    if (control && lane == LANE_CALLS) reach(control, BULK_IS_COUNTED, h->time);
    if (!count_call(h, moved)) count_lost(lane, category);
}

/* How much is to be given up now, by what lies in this processor's lane and by what others have met. */
static __always_inline u32 pressure(struct position *p, u64 used, u64 now)
{
    int zero = 0;
    struct control *control = controls.lookup(&zero);
    if (!control) return ALL_IS_KEPT;
    u32 wanted = level_for(used, RECORDS);
    u32 other = level_for(p->bytes - p->freed, (u64)SEGMENT * SEGMENTS);
    if (other > wanted) wanted = other;
    if (wanted) reach(control, wanted, now);
    return control->level;
}
