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
BPF_HASH(counts_a, struct count_key, struct counts, COUNTS);
BPF_HASH(counts_b, struct count_key, struct counts, COUNTS);
/* Zeros, for a new entry: the stack is small. */
BPF_ARRAY(no_counts, struct counts, 1);

/* Into the table that the recorder does not read now. False: the table is full. */
static __always_inline bool count_call(struct call *c)
{
    int zero = 0;
    struct count_key key = {};
    struct control *control = controls.lookup(&zero);
    struct counts *none = no_counts.lookup(&zero), *to;
    if (!control || !none) return false;
    key.ino = c->ident.ino;
    key.dev = c->ident.dev;
    key.tid = c->id;
    key.fd = c->fd;
    key.code = c->code;
    key.flags = c->flags & (F_COMPAT | F_X32);
    if (control->side) to = counts_b.lookup_or_try_init(&key, none);
    else to = counts_a.lookup_or_try_init(&key, none);
    if (!to) return false;
    /* No lock: no other thread has this key, and a thread is in one place. */
    if (!to->count) {
        to->first = c->now;
        to->cgroup = bpf_get_current_cgroup_id();
        to->pid = c->id >> 32;
        to->uid = bpf_get_current_uid_gid();
        to->mode = c->ident.mode;
    }
    to->count += 1;
    to->last = c->now;
    if (c->latency != MAX_LATENCY) to->latency += c->latency;
    if (c->ret < 0 && c->ret >= -4095) to->errors += 1;
    else to->bytes += c->moved;
    return true;
}

/* Bytes that lie in a lane. BCC has no word for bpf_ringbuf_query: what it writes for ringbuf_reserve is made one. */
#define bpf_ringbuf_reserve(ring, flags, unused) ((void *)bpf_ringbuf_query(ring, flags))
static __always_inline u64 waiting_in_small(void) { return (u64)small.ringbuf_reserve(BPF_RB_AVAIL_DATA); }
static __always_inline u64 waiting_in_medium(void) { return (u64)medium.ringbuf_reserve(BPF_RB_AVAIL_DATA); }
static __always_inline u64 waiting_in_wide(void) { return (u64)wide.ringbuf_reserve(BPF_RB_AVAIL_DATA); }
static __always_inline u64 waiting_in_large(void) { return (u64)large.ringbuf_reserve(BPF_RB_AVAIL_DATA); }
#undef bpf_ringbuf_reserve

static __always_inline u32 level_for(u64 waiting, u64 size)
{
    return waiting > size / 5 * 4 ? BULK_IS_COUNTED : waiting > size / 5 * 3 ? WITHOUT_PAYLOAD : ALL_IS_KEPT;
}

static __always_inline void reach(struct control *control, u32 level, u64 now)
{
    if (control->level >= level) return;
    if (!control->since[WITHOUT_PAYLOAD]) control->since[WITHOUT_PAYLOAD] = now;
    if (level == BULK_IS_COUNTED) control->since[BULK_IS_COUNTED] = now;
    control->level = level;
}

/* No room for a record: count the call, or at least that it is lost. */
static __always_inline void count_missed(struct call *c, int lane)
{
    int zero = 0;
    struct control *control = controls.lookup(&zero);
    if (control && lane <= LANE_LARGE) reach(control, BULK_IS_COUNTED, c->now);
    if (!count_call(c)) count_lost(lane, c->category);
}

/* How much is to be given up now. Asking the lanes is dear: about one call in 64 does it. */
static __always_inline u32 pressure(u64 now)
{
    int zero = 0;
    struct control *control = controls.lookup(&zero);
    if (!control) return ALL_IS_KEPT;
    if (now & 63) return control->level;
    u32 wanted = level_for(waiting_in_small(), SMALL_PAGES * 4096ULL);
    u32 other = level_for(waiting_in_medium(), MEDIUM_PAGES * 4096ULL);
    if (other > wanted) wanted = other;
    other = level_for(waiting_in_wide(), WIDE_PAGES * 4096ULL);
    if (other > wanted) wanted = other;
    other = level_for(waiting_in_large(), LARGE_PAGES * 4096ULL);
    if (other > wanted) wanted = other;
    reach(control, wanted, now);
    return control->level;
}

/* Make do with less. True: the call was counted and needs no record. */
static __always_inline bool give_way(struct call *c, u32 level, u8 bulk)
{
    if (level == BULK_IS_COUNTED && bulk && count_call(c)) return true;
    if (c->data_kind && c->data_kind != DATA_PAIR) {
        c->data_kind = DATA_NONE;
        c->flags |= F_DATA_TRUNCATED;
        count_lost(NO_PAYLOAD, c->category);
    }
    return false;
}
