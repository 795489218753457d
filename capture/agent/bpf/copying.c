/* Copying what a call's arguments point to behind its record, into its processor's `bytes`. */

#define ADDR_MAX 112

/* What is being written on this processor. */
struct target {
    struct head *head;
    struct position *position;
    struct segment *segment; /* 0: there is no room for bytes */
    u64 most;           /* payload bytes that may be kept */
};

/* Room for all bytes that a record may have. A segment's end that is too short for that is left out. As of the
 * records, the last part is for calls that tell of process life. */
static __always_inline struct segment *bytes_room(struct position *p, int cpu, bool life)
{
    u64 at = p->bytes;
    u64 within = at & (SEGMENT - 1);
    if (within > SEGMENT - RECORD_BYTES) at += SEGMENT - within;
    u64 size = (u64)SEGMENT * SEGMENTS;
    if (at + RECORD_BYTES - p->freed > (life ? size : size - size / 8)) return 0;
    p->bytes = at;
    int key = cpu * SEGMENTS + (at / SEGMENT & (SEGMENTS - 1));
    return bytes.lookup(&key);
}

/* How much of a processor's lane is used, of RECORDS: by its records, or by heads if that is more. */
static __always_inline u64 used_of(struct position *p)
{
    u64 records = p->written - p->taken, heads = (p->made - p->released) * (RECORDS / HEAD_ROOM);
    return records > heads ? records : heads;
}

/* Where a processor's next record is made. */
static __always_inline struct head *next_head(struct position *p, int cpu)
{
    int at = cpu * HEADS + p->head;
    return heads.lookup(&at);
}

#define DIFFERS(member) (one->member ^ other->member)

/* Whether two heads differ in nothing that a stamp does not tell; what differs most often is compared first. What has
 * just been written is read in the widths in which it was written: a processor waits for what it would have to put
 * together. All of a ring are of one processor. */
static __always_inline bool is_same(struct head *one, struct head *other)
{
    u64 *a = (u64 *)one, *b = (u64 *)other, different = DIFFERS(cgroup) | DIFFERS(ids);
    u32 narrow = DIFFERS(dev) | DIFFERS(uid) | DIFFERS(fd) | DIFFERS(code) | DIFFERS(mode) | DIFFERS(flags);
    if (DIFFERS(ret) || DIFFERS(args[1]) || DIFFERS(args[0])) return false;
    #pragma unroll
    for (int i = 6; i <= 10; i++) different |= a[i] ^ b[i];
    narrow |= DIFFERS(sizes) | DIFFERS(text_len) | DIFFERS(text2_len);
    return !(different | narrow);
}

/* The place of a record's head: that of an earlier call if all is the same, else its own, which then is taken. */
static __always_inline u32 settle_head(struct head *h, struct position *p, int cpu)
{
    u32 *recent = &p->recent[(h->tid ^ h->code * 5 ^ (u32)h->args[0] * 11) & (RECENT - 1)];
    u32 own = p->head, place = *recent, age = own - place;
    if (own < place) age += HEADS;
    if (age - 1 < KEPT) {
        int at = cpu * HEADS + place;
        struct head *earlier = heads.lookup(&at);
        if (earlier && is_same(h, earlier)) return place;
    }
    *recent = own;
    p->head = own + 1 == HEADS ? 0 : own + 1;
    p->made += 1;
    return own;
}

/* The record that has been written belongs to the recorder. */
static __always_inline void hand_over(struct head *h, struct position *p, int cpu)
{
    int at = cpu * RECORDS + p->next;
    struct stamp *stamp = stamps.lookup(&at);
    if (!stamp) return;
    stamp->time = h->time;
    stamp->latency = h->latency;
    stamp->at = h->at;
    h->at = 0;
    stamp->head = settle_head(h, p, cpu);
    asm volatile("" ::: "memory"); /* the record before its number: x86 keeps stores in order */
    p->next = p->next + 1 == RECORDS ? 0 : p->next + 1;
    p->written += 1;
}

/* The next free place, `most` bytes before the segment's end at least. */
static __always_inline char *next_place(struct target *t, u32 most)
{
    return t->segment->data + at_most(t->position->bytes & (SEGMENT - 1), SEGMENT - most);
}

/* Each part begins on a word. */
static __always_inline void keep(struct target *t, u64 size)
{
    t->position->bytes += (size + 7) & ~7ULL;
}

/* A string, and a closing NUL; how many bytes that is. */
static __always_inline u16 copy_text(struct target *t, u64 text)
{
    char last = 0;
    if (!text) return 0;
    if (!t->segment) {
        t->head->flags |= F_TEXT_TRUNCATED;
        return 0;
    }
    long n = bpf_probe_read_user_str(next_place(t, TEXT_MAX), TEXT_MAX, (void *)text);
    if (n < 0) {
        t->head->flags |= F_UNREADABLE;
        return 0;
    }
    if (n == TEXT_MAX) {
        /* It fills its room: it is whole if what the program has at the last place is the closing NUL. */
        bpf_probe_read_user(&last, 1, (void *)(text + TEXT_MAX - 1));
        if (last) t->head->flags |= F_TEXT_TRUNCATED;
    }
    keep(t, n);
    return n;
}

static __always_inline void copy_socket(struct target *t, u64 socket)
{
    if (!socket || !t->segment) return;
    u16 size = describe_socket(socket, (struct sock_data *)next_place(t, sizeof(struct sock_data)));
    if (!size) return;
    t->head->flags |= F_SOCKET;
    keep(t, size);
}

static __always_inline void copy_address(struct target *t, u64 addr, u64 size)
{
    u64 n = at_most(size, ADDR_MAX);
    if (!addr || !n || !t->segment) return;
    if (bpf_probe_read_user(next_place(t, ADDR_MAX), n, (void *)addr)) {
        t->head->flags |= F_UNREADABLE;
        return;
    }
    t->head->addr_len = n;
    keep(t, n);
}

static __always_inline void copy_payload(struct target *t, u64 data, u64 size)
{
    u64 n = t->segment ? at_most(size < t->most ? size : t->most, SNAPLEN) : 0;
    if (n && bpf_probe_read_user(next_place(t, SNAPLEN), n, (void *)data)) {
        t->head->flags |= F_UNREADABLE;
        n = 0;
    }
    t->head->data_len = n;
    if (size > n) t->head->flags |= F_DATA_TRUNCATED;
    keep(t, n);
}

struct vec { u64 base, len; };

/* One of an array of buffers; `narrow`: as a 32-bit program lays them out. False: it cannot be read. */
static __always_inline bool take_vector(struct vec *v, u64 vecs, u64 at, bool narrow)
{
    struct { u32 base, len; } n = {};
    if (!narrow) return !bpf_probe_read_user(v, sizeof(*v), (void *)(vecs + at * sizeof(*v)));
    if (bpf_probe_read_user(&n, sizeof(n), (void *)(vecs + at * sizeof(n)))) return false;
    v->base = n.base;
    v->len = n.len;
    return true;
}

/* Payload out of an array of buffers, its first MAX_VECS. Needs room for twice SNAPLEN. */
static __always_inline void copy_vectors(struct target *t, u64 vecs, u64 count, u64 size, bool narrow)
{
    struct head *h = t->head;
    u64 most = t->segment ? at_most(size < t->most ? size : t->most, SNAPLEN) : 0;
    #pragma nounroll
    for (int i = 0; i < MAX_VECS; i++) {
        struct vec v = {};
        /* How far it is lies in the record, not in a variable: to the verifier all rounds are alike. */
        u64 done = at_most(h->data_len, SNAPLEN);
        if (i >= count || done >= most) break;
        if (!take_vector(&v, vecs, i, narrow)) {
            h->flags |= F_UNREADABLE;
            break;
        }
        u64 n = at_most(v.len < most - done ? v.len : most - done, SNAPLEN);
        if (!n) continue;
        if (bpf_probe_read_user(next_place(t, 2 * SNAPLEN) + done, n, (void *)v.base)) {
            h->flags |= F_UNREADABLE;
            break;
        }
        h->data_len = done + n;
    }
    if (size > h->data_len) h->flags |= F_DATA_TRUNCATED;
    keep(t, h->data_len);
}

struct msg { u64 name; u32 name_len, unused; u64 iov, iov_len; };

/* struct mmsghdr of include/linux/socket.h. */
struct mmsg { struct msg msg; u64 control, control_len; u32 flags, unused; u32 size, unused2; };
struct narrow_mmsg { u32 name, name_len, iov, iov_len, control, control_len, flags, size; };

/* Of a message what is followed; of one alone, its size is none of it. False: it cannot be read. */
static __always_inline bool take_message(struct mmsg *m, u64 data, u64 at, bool alone, bool narrow)
{
    struct narrow_mmsg n = {};
    if (!narrow && alone) return !bpf_probe_read_user(&m->msg, sizeof(m->msg), (void *)data);
    if (!narrow) return !bpf_probe_read_user(m, sizeof(*m), (void *)(data + at * sizeof(*m)));
    if (bpf_probe_read_user(&n, alone ? sizeof(n) - 4 : sizeof(n), (void *)(data + at * sizeof(n)))) return false;
    m->msg.name = n.name;
    m->msg.name_len = n.name_len;
    m->msg.iov = n.iov;
    m->msg.iov_len = n.iov_len;
    m->size = n.size;
    return true;
}

/* Payload of the first MAX_MSGS messages, of each its first buffer; the first one's address. Their sizes are summed up
 * in the register behind the arguments. Needs room for twice SNAPLEN. */
static __always_inline void copy_messages(struct target *t, u64 data, u64 count, bool narrow)
{
    struct head *h = t->head;
    u64 most = t->segment ? at_most(t->most, SNAPLEN) : 0;
    u64 kept = 0;
    #pragma nounroll
    for (int i = 0; i < MAX_MSGS; i++) {
        struct mmsg m = {};
        struct vec v = {};
        if (i >= count) break;
        if (!take_message(&m, data, i, false, narrow)) {
            h->flags |= F_UNREADABLE;
            break;
        }
        if (i == 0) copy_address(t, m.msg.name, m.msg.name_len);
        h->args[5] += m.size;
        u64 done = at_most(h->data_len, SNAPLEN);
        if (done >= most || !m.msg.iov_len || !take_vector(&v, m.msg.iov, 0, narrow)) continue;
        u64 n = v.len < m.size ? v.len : m.size;
        n = at_most(n < most - done ? n : most - done, SNAPLEN);
        if (!n) continue;
        if (bpf_probe_read_user(next_place(t, 2 * SNAPLEN) + done, n, (void *)v.base)) {
            h->flags |= F_UNREADABLE;
            continue;
        }
        h->data_len = done + n;
    }
    kept = h->data_len;
    if (h->args[5] > kept || count > MAX_MSGS) h->flags |= F_DATA_TRUNCATED;
    keep(t, kept);
}

/* What lies behind the second descriptor of a call that moves bytes between two, in the place of an address. */
static __always_inline void copy_second(struct target *t, s32 fd)
{
    if (!t->segment || fd < 0) return;
    struct ident second = {};
    identify_far_file(file_of(fd), &second);
    if (!second.ino) return;
    __builtin_memcpy(next_place(t, sizeof(second)), &second, sizeof(second));
    t->head->addr_len = sizeof(second);
    keep(t, sizeof(second));
}

/* Payload of readv, sendmsg and the like; of the latter the message's address, too. */
static __always_inline void copy_message(struct target *t, u8 kind, u64 data, u64 count, u64 size, bool narrow)
{
    struct mmsg m = {.msg = {.iov = data, .iov_len = count}};
    if (kind >= DATA_MSG_IN) {
        if (!take_message(&m, data, 0, true, narrow)) t->head->flags |= F_UNREADABLE;
        copy_address(t, m.msg.name, m.msg.name_len);
    }
    if (m.msg.iov) copy_vectors(t, m.msg.iov, m.msg.iov_len, size, narrow);
}
