/* Requests of io_uring, which no system call tells of: as they are handed in and when they are done. */

enum {
    OP_READ_FIXED = 4, OP_WRITE_FIXED = 5, OP_READ = 22, OP_WRITE = 23, OP_SEND = 26, OP_RECV = 27, OP_SEND_ZC = 47,
    OP_ACCEPT = 13, OP_CONNECT = 16, OP_OPENAT = 18, OP_CLOSE = 19, OP_OPENAT2 = 28, OP_RENAMEAT = 35,
    OP_UNLINKAT = 36, OP_MKDIRAT = 37, OP_SYMLINKAT = 38, OP_LINKAT = 39, OP_SOCKET = 45, NO_REQUEST = 255,
};
/* Operations that work on no descriptor: bit n is operation n. */
#define WITHOUT_FILE (1ULL << 0 | 1ULL << 7 | 1ULL << 11 | 1ULL << 12 | 1ULL << 14 | 1ULL << 15 | 1ULL << 18 | \
                      1ULL << 19 | 1ULL << 20 | 1ULL << 21 | 1ULL << 25 | 1ULL << 28 | 1ULL << 29 | 1ULL << 31 | \
                      1ULL << 32 | 0x1fULL << 35 | 1ULL << 42 | 1ULL << 44 | 1ULL << 45 | 0xfULL << 50 | 1ULL << 62)
#define FIXED_FILE 1 /* REQ_F_FIXED_FILE and IOSQE_FIXED_FILE are the same bit */
#define FD_CWD (-100)

static __always_inline bool is_silent(u64 id)
{
    return is_muted(id) || was_left_out(id);
}

int on_io_uring_create(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    if (is_silent(id)) return 0;
    struct life *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE, CATEGORY_IO_OTHER), 0;
    begin(&m->head, bpf_ktime_get_boot_ns(), id, URING_CREATE);
    m->head.fd = ctx->args[0];
    m->head.args[0] = ctx->args[1];
    m->head.args[1] = (u32)ctx->args[2];
    m->head.args[2] = (u32)ctx->args[3];
    m->head.args[3] = (u32)ctx->args[4];
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    return 0;
}

/* The names that an operation was given, as the kernel has copied them. */
static __always_inline void copy_names(struct head *h, char *data, char *request, u8 op)
{
    char *given = 0, *second = 0;
    s32 folder = FD_CWD;
    long n;
    if (op == OP_OPENAT || op == OP_OPENAT2) READ(given, request + K_OPEN_NAME);
    else if (op == OP_UNLINKAT) READ(given, request + K_UNLINK_NAME);
    else if (op == OP_MKDIRAT) READ(given, request + K_MKDIR_NAME);
    else if (op == OP_RENAMEAT) {
        READ(given, request + K_RENAME_OLD);
        READ(second, request + K_RENAME_NEW);
    } else if (op == OP_SYMLINKAT || op == OP_LINKAT) {
        READ(given, request + K_LINK_OLD);
        READ(second, request + K_LINK_NEW);
    }
    if (!given) return;
    READ(folder, request + K_OPEN_FOLDER);
    h->args[5] = (s64)folder;
    if (READ(given, given + K_FILENAME_NAME)) return;
    n = bpf_probe_read_kernel_str(data, URING_DATA / 2, given);
    if (n > 0) h->text_len = n;
    if (n == URING_DATA / 2) h->flags |= F_TEXT_TRUNCATED;
    if (!second || READ(second, second + K_FILENAME_NAME)) return;
    n = bpf_probe_read_kernel_str(data + URING_DATA / 2, URING_DATA / 2, second);
    if (n > 0) h->text2_len = n;
    if (n == URING_DATA / 2) h->flags |= F_TEXT_TRUNCATED;
}

static __always_inline int request_handed_in(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid(), flags = 0;
    char *request = (char *)ctx->args[0];
    struct ident ident = {};
    s32 fd = -1;
    u8 op = 0;
    if (is_silent(id)) return 0;
    struct uring *m = uring.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_URING, CATEGORY_IO_OTHER), 0;
    begin(&m->head, bpf_ktime_get_boot_ns(), id, URING_SUBMIT);
    READ(op, request + K_REQUEST_OPCODE);
    bpf_probe_read_kernel(&flags, 4, request + K_REQUEST_FLAGS);
    READ(m->head.args[1], request + K_REQUEST_USER_DATA);
    READ(m->head.args[4], request + K_REQUEST_RING);
    if (op == OP_CLOSE) READ(fd, request + K_CLOSE_FD);
    else if (!(WITHOUT_FILE >> (op & 63) & 1)) READ(fd, request + K_REQUEST_FD);
    if (fd >= 0 && !(flags & FIXED_FILE)) {
        identify_far_file(file_of(fd), &ident);
        m->head.ino = ident.ino;
        m->head.dev = ident.dev;
        m->head.mode = ident.mode;
    }
    m->head.fd = fd;
    m->head.args[0] = op;
    m->head.args[2] = (s64)fd;
    m->head.args[3] = (u64)request;
    m->head.args[5] = FD_CWD;
    copy_names(&m->head, m->data, request, op);
    uring.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    return 0;
}

int on_io_uring_submit_req(struct bpf_raw_tracepoint_args *ctx)
{
    return request_handed_in(ctx);
}

int on_io_uring_submit_sqe(struct bpf_raw_tracepoint_args *ctx)
{
    return request_handed_in(ctx);
}

/* Before 6.10 (io_uring: unify io_req_init_async et al.) the completion came as numbers, not as an entry of the ring. */
static __always_inline void completion(struct bpf_raw_tracepoint_args *ctx, u64 *user_data, s32 *result, u32 *flags)
{
#if URING_ENTRY
    struct { u64 user_data; s32 result; u32 flags; } entry = {};
    READ(entry, ctx->args[2]);
    *user_data = entry.user_data;
    *result = entry.result;
    *flags = entry.flags;
#else
    *user_data = ctx->args[2];
    *result = ctx->args[3];
    *flags = ctx->args[4];
#endif
}

/* Who handed a request in: it may be finished by a worker, or in whoever was interrupted. */
static __always_inline u64 owner_of(char *request, u64 id)
{
    char *task = 0;
    u32 pid = 0, tid = 0;
#if URING_TASK_BEHIND
    if (READ(task, request + K_REQUEST_TASK) || !task || READ(task, task + K_URING_TASK) || !task) return id;
#else
    if (READ(task, request + K_REQUEST_TASK) || !task) return id;
#endif
    if (READ(pid, task + K_TASK_TGID) || READ(tid, task + K_TASK_PID) || pid == id >> 32) return id;
    return (u64)pid << 32 | tid;
}

/* Behind the place of a socket's tuple. */
static __always_inline void copy_destination(struct head *h, char *data, char *request)
{
    char *address = 0;
    u32 length = 0;
    READ(address, request + K_CONNECT_ADDRESS);
    READ(length, request + K_CONNECT_LENGTH);
    u64 n = at_most(length, ADDR_MAX);
    if (address && n && !bpf_probe_read_user(data + sizeof(struct sock_data), n, address)) h->addr_len = n;
}

/* What is told of a completion in either lane. */
struct completion {
    u64 user_data, request, ring, socket;
    struct ident ident;
    s32 result, fd;
    u32 flags;
    u8 op;
};

static __always_inline void put_completion(struct head *h, struct completion *c)
{
    h->ret = c->result;
    h->args[0] = c->op;
    h->args[1] = c->user_data;
    h->args[2] = c->flags;
    h->args[3] = c->request;
    h->args[4] = c->ring;
    h->fd = c->fd;
    put_thing(h, &c->ident);
}

#if SNAPLEN && RUNNING_KERNEL >= (5 << 16) + (15 << 8)
#define URING_PAYLOAD 1
/* Where the bytes lie that a request has moved, 0 where that is not known. */
static __always_inline u64 bytes_moved(struct completion *c)
{
    u64 address = 0;
    u32 before = 0;
    if (c->result <= 0) return 0;
    if (c->op == OP_READ || c->op == OP_WRITE || c->op == OP_READ_FIXED || c->op == OP_WRITE_FIXED) {
        READ(address, c->request + K_RW_ADDRESS);
    } else if (c->op == OP_SEND || c->op == OP_RECV || c->op == OP_SEND_ZC) {
        /* What takes several steps has its address moved on by those before. */
        if (!READ(address, c->request + K_MESSAGE_BUFFER) && address) READ(before, c->request + K_MESSAGE_DONE);
    }
    return address - before;
}

/* In the lane of calls, where payload lies: nothing else writes there now, for from 5.15 on it is threads that tell of
 * completions, and no interrupts. False: the payload has to be given up. */
static __always_inline bool complete_with_payload(struct completion *c, u64 data, u64 now, u64 id, bool is_owner)
{
    int cpu = bpf_get_smp_processor_id();
    struct plan moves = {.data_kind = DATA_IN};
    struct position *p = positions.lookup(&cpu);
    if (!p) return false;
    u64 used = used_of(p);
    if (used >= RECORDS - RECORDS / 8 || pressure(p, used, now) != ALL_IS_KEPT) return false;
    struct head *h = next_head(p, cpu);
    struct target t = {h, p, bytes_room(p, cpu, false)};
    if (!h || !t.segment) return false;
    begin(h, now, id, URING_COMPLETE + c->op);
    put_completion(h, c);
    if (!is_owner) h->cgroup = 0;
    h->at = p->bytes;
    copy_socket(&t, c->socket);
    t.most = payload_limit(h, &moves, data, c->socket);
    copy_payload(&t, data, c->result);
    hand_over(h, p, cpu);
    return true;
}
#endif

int on_io_uring_complete(struct bpf_raw_tracepoint_args *ctx)
{
    u64 here = bpf_get_current_pid_tgid(), id = here, file = 0, now = bpf_ktime_get_boot_ns();
    char *request = (char *)ctx->args[1];
    struct completion c = {.request = ctx->args[1], .ring = ctx->args[0], .fd = -1, .op = NO_REQUEST};
    completion(ctx, &c.user_data, &c.result, &c.flags);
    if (request) {
        READ(c.op, request + K_REQUEST_OPCODE);
        id = owner_of(request, here);
        if (!(WITHOUT_FILE >> (c.op & 63) & 1)) READ(file, request + K_REQUEST_FILE);
    }
    if (is_silent(id)) return 0;
    bool is_ours = id >> 32 == here >> 32, opens = c.op == OP_OPENAT || c.op == OP_OPENAT2;
    if (c.op == OP_RENAMEAT && !c.result) count_move();
    if (c.result >= 0 && (opens || c.op == OP_ACCEPT || c.op == OP_SOCKET)) {
        c.fd = c.result;
        if (is_ours) file = file_of(c.fd);
    }
    if (file) c.socket = identify_far_file(file, &c.ident);
#if URING_PAYLOAD
    u64 data = request && is_ours ? bytes_moved(&c) : 0;
    if (data && complete_with_payload(&c, data, now, id, id == here)) return 0;
#endif
    struct uring *m = uring.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_URING, CATEGORY_IO_OTHER), 0;
    begin(&m->head, now, id, URING_COMPLETE + c.op);
    put_completion(&m->head, &c);
    if (id != here) m->head.cgroup = 0;
#if URING_PAYLOAD
    if (data) {
        m->head.flags |= F_DATA_TRUNCATED;
        count_lost(NO_PAYLOAD, CATEGORY_IO_OTHER);
    }
#endif
    if (c.socket && describe_socket(c.socket, (struct sock_data *)m->data)) m->head.flags |= F_SOCKET;
    if (c.op == OP_CONNECT && is_ours) copy_destination(&m->head, m->data, request);
    uring.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    if (c.fd >= 0 && opens) tails.call(ctx, TAIL_OPENED_BY_URING);
    return 0;
}
