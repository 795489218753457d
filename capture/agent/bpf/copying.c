/* Copying what a call's arguments point to into its record. */

/* One call's facts while its record is made. */
struct call {
    struct regs r;
    u64 now, id, latency;
    s64 ret;
    struct ident ident;
    char *socket;       /* struct file of the descriptor, if it is a socket */
    u64 text, text2, addr, data;
    u64 size;           /* payload bytes that were transferred */
    u64 moved;          /* bytes that the call says it moved, payload or not */
    u32 addr_len;
    s32 fd;
    u16 code, flags;
    u8 data_kind;
    u8 category;
};

/* Not on the stack: what the verifier knows of each value there would have it try them all in combination. */
BPF_PERCPU_ARRAY(calls, struct call, 1);

static __always_inline void fill(struct head *h, struct call *c)
{
    begin(h, c->now, c->id, c->code);
    h->latency = c->latency;
    h->ret = c->ret;
    h->args[0] = c->r.rdi;
    h->args[1] = c->r.rsi;
    h->args[2] = c->r.rdx;
    h->args[3] = c->r.r10;
    h->args[4] = c->r.r8;
    h->args[5] = c->r.r9;
    h->ino = c->ident.ino;
    h->dev = c->ident.dev;
    h->mode = c->ident.mode;
    h->fd = c->fd;
    h->flags = c->flags;
}

/* A text that fills its room is whole if what the program has at its last place is the closing NUL. */
static __always_inline u16 cut_flag(u64 text, u32 room)
{
    char last = 0;
    bpf_probe_read_user(&last, 1, (void *)(text + room - 1));
    return last ? F_TEXT_TRUNCATED : 0;
}

/* Both texts of a call. True where one does not fit into `half` bytes. */
static __always_inline bool copy_texts(struct head *h, char *data, u32 half, u64 text, u64 text2, bool last)
{
    long n = bpf_probe_read_user_str(data, half, (void *)text);
    if (n < 0) h->flags |= F_UNREADABLE;
    else if (n == half && !last) return true;
    else {
        if (n == half) h->flags |= cut_flag(text, half);
        h->text_len = n;
    }
    if (!text2) return false;
    n = bpf_probe_read_user_str(data + half, half, (void *)text2);
    if (n < 0) h->flags |= F_UNREADABLE;
    else if (n == half && !last) return true;
    else {
        if (n == half) h->flags |= cut_flag(text2, half);
        h->text2_len = n;
    }
    return false;
}

static __always_inline void copy_socket(struct head *h, char *data, struct call *c)
{
    struct sock_data tuple;
    u64 n = c->addr_len;
    if (c->socket && (h->sock_len = describe_socket(c->socket, &tuple)))
        __builtin_memcpy(data + SOCK_AT, &tuple, sizeof(tuple));
    if (!c->addr || !n) return;
    if (c->data_kind && n > ADDR_BESIDE_DATA) n = ADDR_BESIDE_DATA;
    n = at_most(n, ADDR_MAX);
    if (bpf_probe_read_user(data + ADDR_AT, n, (void *)c->addr)) h->flags |= F_UNREADABLE;
    else h->addr_len = n;
}

static __always_inline void copy_payload(struct head *h, char *data, u32 most, struct call *c)
{
    u64 n = at_most(c->size, most);
    if (n && bpf_probe_read_user(data + DATA_AT, n, (void *)c->data)) {
        h->flags |= F_UNREADABLE;
        n = 0;
    }
    h->data_len = n;
    if (c->size > n) h->flags |= F_DATA_TRUNCATED;
}

struct vec { u64 base, len; };

/* Payload out of an array of buffers, its first MAX_VECS. Needs room for twice SNAPLEN. */
static __always_inline void copy_vectors(struct head *h, char *data, struct call *c, u64 vecs, u64 count)
{
    u64 done = 0;
    u64 left = c->size < SNAPLEN ? c->size : SNAPLEN;
    #pragma nounroll
    for (int i = 0; i < MAX_VECS; i++) {
        struct vec v = {};
        if (i >= count || !left) break;
        if (bpf_probe_read_user(&v, sizeof(v), (void *)(vecs + i * sizeof(v)))) {
            h->flags |= F_UNREADABLE;
            break;
        }
        u64 n = at_most(v.len < left ? v.len : left, SNAPLEN);
        if (!n) continue;
        done = at_most(done, SNAPLEN);
        if (bpf_probe_read_user(data + DATA_AT + done, n, (void *)v.base)) {
            h->flags |= F_UNREADABLE;
            break;
        }
        done += n;
        left -= n;
    }
    h->data_len = done;
    if (c->size > done) h->flags |= F_DATA_TRUNCATED;
}

struct msg { u64 name; u32 name_len, unused; u64 iov, iov_len; };

static __always_inline bool has_vectors(u8 kind)
{
    return kind >= DATA_IOV_IN && kind <= DATA_MSG_OUT;
}

/* Into data[] of a record: either texts or socket, address and payload. */
static __always_inline void copy_io(struct head *h, char *data, u32 most, struct call *c)
{
    copy_socket(h, data, c);
    if (c->data_kind && !has_vectors(c->data_kind)) copy_payload(h, data, most, c);
}
