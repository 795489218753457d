/* The probe: one record a system call, written when it returns; process and cgroup life beside it.
 *
 * Constants come as -D flags: SELF, SNAPLEN, SLOTS and the sizes of lanes from the settings, K_* from
 * the running kernel's BTF (capture/agent/layout.py), NR_* from the catalogue. What to copy behind the
 * arguments of each call stands in the map `plans`, made from the catalogue (capture/agent/plan.py).
 * capture/agent/records.py mirrors `struct head`.
 */

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define MAX_LATENCY (~0ULL)
#define F_COMPAT 1
#define F_X32 2
#define F_NEVER_RETURNED 8
#define F_TEXT_TRUNCATED 16
#define F_DATA_TRUNCATED 32
#define F_UNREADABLE 64
#define PROCFORK 0xF001
#define PROCEXEC 0xF002
#define PROCEXIT 0xF003
#define CGROUP_MKDIR 0xF010
#define CGROUP_RMDIR 0xF011
#define CGROUP_ATTACH 0xF012
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define NONE 0xff
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */

/* Where a record's data has what: texts, or socket, address and payload. */
#define SOCK_AT 0
#define ADDR_AT 48
#define DATA_AT 76
#define ADDR_BESIDE_DATA (DATA_AT - ADDR_AT)
#define ADDR_MAX 112

struct head {
    u64 time;
    u64 latency;
    u64 cgroup;
    s64 ret;
    u64 args[6];
    u64 ino;
    u32 dev;
    u32 uid;
    u32 pid;
    u32 tid;
    s32 fd;
    u16 code;
    u16 cpu;
    u16 mode;
    u16 flags;
    u16 text_len;
    u16 text2_len;
    u16 addr_len;
    u16 sock_len;
    u32 data_len;
};

struct small { struct head head; };
struct medium { struct head head; char data[MEDIUM_DATA]; };
struct wide { struct head head; char data[WIDE_DATA]; };
struct large { struct head head; char data[LARGE_DATA]; };

BPF_RINGBUF_OUTPUT(small, SMALL_PAGES);
BPF_RINGBUF_OUTPUT(medium, MEDIUM_PAGES);
BPF_RINGBUF_OUTPUT(wide, WIDE_PAGES);
BPF_RINGBUF_OUTPUT(large, LARGE_PAGES);
BPF_RINGBUF_OUTPUT(life, LIFE_PAGES);
BPF_RINGBUF_OUTPUT(exec, EXEC_PAGES);
enum { LANE_SMALL, LANE_MEDIUM, LANE_WIDE, LANE_LARGE, LANE_LIFE, LANE_EXEC, LANES };
BPF_PERCPU_ARRAY(lost, u64, LANES);

struct ident {
    u64 ino;
    u32 dev;
    u16 mode;
    u16 unused;
};

/* What a thread is in the middle of; indexed by the low bits of its tid. */
struct slot {
    u64 start;          /* 0: not in a call */
    u64 regs;
    u32 tid;
    u32 code;
    u32 muted;          /* a child of the recorder that has not run its program yet */
    u32 unused;
    struct ident before; /* what close() is about to close */
};
BPF_F_TABLE("array", int, struct slot, slots, SLOTS, 1 << 10 /* BPF_F_MMAPABLE */);

/* What to copy for a call. NONE where there is no such argument. */
struct plan {
    u8 fd;
    u8 dirfd;
    u8 returns_fd;
    u8 text;
    u8 text2;
    u8 addr;
    u8 addr_kind;       /* ADDR_* */
    u8 data;
    u8 data_kind;       /* DATA_* */
    u8 size_from_ret;
    u8 life;            /* goes with process life, which an I/O storm must not push out */
    u8 unused[5];
};
BPF_ARRAY(plans, struct plan, PLANS);
enum { ADDR_NONE, ADDR_IN, ADDR_OUT };
enum { DATA_NONE, DATA_IN, DATA_OUT, DATA_IOV_IN, DATA_IOV_OUT, DATA_MSG_IN, DATA_MSG_OUT, DATA_PAIR };

/* The part of pt_regs (x86_64) that holds arguments. */
#define REGS_AT 56
#define BP_AT 32 /* and bx behind it */
struct regs { u64 r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax; };

#define READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), (void *)(from))

/* The smaller one, so that the verifier sees the bound: the compiler must not compare a copy. */
static __always_inline u64 at_most(u64 n, u64 most)
{
    asm volatile("" : "+r"(n));
    if (n > most) n = most;
    asm volatile("" : "+r"(n));
    return n;
}

static __always_inline void count_lost(int lane)
{
    u64 *count = lost.lookup(&lane);
    if (count) *count += 1;
}

static __always_inline void identify_file(char *file, struct ident *to)
{
    char *inode = 0, *sb = 0;
    if (!file || READ(inode, file + K_FILE_INODE) || !inode) return;
    READ(to->ino, inode + K_INODE_INO);
    READ(to->mode, inode + K_INODE_MODE);
    if (!READ(sb, inode + K_INODE_SB) && sb) READ(to->dev, sb + K_SB_DEV);
}

/* The struct file behind a descriptor of the current thread, 0 none. */
static __always_inline char *file_of(s32 fd)
{
    char *files = 0, *table = 0, *file = 0;
    char **array = 0;
    u32 most = 0;
    char *task = (char *)bpf_get_current_task();
    if (fd < 0 || READ(files, task + K_TASK_FILES) || !files) return 0;
    if (READ(table, files + K_FILES_FDT) || !table) return 0;
    if (READ(most, table + K_FDT_MAX) || (u32)fd >= most) return 0;
    if (READ(array, table + K_FDT_FD) || !array) return 0;
    READ(file, array + fd);
    return file;
}

struct sock_data {
    u16 family, type, protocol;
    u8 state, unused;
    u16 lport, rport;
    u32 unused2;
    u8 laddr[16], raddr[16];
};

/* The socket's tuple as the kernel has it; nothing is written when it cannot be read. */
static __always_inline u16 describe_socket(char *file, struct sock_data *to)
{
    char *socket = 0, *sk = 0;
    struct { u8 bytes[K_SOCK_SPAN]; } common;
    if (READ(socket, file + K_FILE_PRIVATE) || !socket) return 0;
    if (READ(sk, socket + K_SOCKET_SK) || !sk) return 0;
    if (READ(common, sk)) return 0;
    __builtin_memset(to, 0, sizeof(*to));
    to->family = *(u16 *)(common.bytes + K_SOCK_FAMILY);
    to->state = *(u8 *)(common.bytes + K_SOCK_STATE);
    READ(to->type, sk + K_SOCK_TYPE);
    READ(to->protocol, sk + K_SOCK_PROTOCOL);
    if (to->family == 2) {
        to->lport = *(u16 *)(common.bytes + K_SOCK_NUM);
        to->rport = __builtin_bswap16(*(u16 *)(common.bytes + K_SOCK_DPORT));
        *(u32 *)to->laddr = *(u32 *)(common.bytes + K_SOCK_RCV_SADDR);
        *(u32 *)to->raddr = *(u32 *)(common.bytes + K_SOCK_DADDR);
    } else if (to->family == 10) {
        to->lport = *(u16 *)(common.bytes + K_SOCK_NUM);
        to->rport = __builtin_bswap16(*(u16 *)(common.bytes + K_SOCK_DPORT));
        __builtin_memcpy(to->laddr, common.bytes + K_SOCK_V6_RCV_SADDR, 16);
        __builtin_memcpy(to->raddr, common.bytes + K_SOCK_V6_DADDR, 16);
    }
    return sizeof(*to);
}

static __always_inline void begin(struct head *h, u64 now, u64 id, u16 code)
{
    __builtin_memset(h, 0, sizeof(*h));
    h->time = now;
    h->latency = MAX_LATENCY;
    h->cgroup = bpf_get_current_cgroup_id();
    h->uid = bpf_get_current_uid_gid();
    h->pid = id >> 32;
    h->tid = id;
    h->fd = -1;
    h->code = code;
    h->cpu = bpf_get_smp_processor_id();
}

int on_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    if ((id >> 32) == SELF) return 0;
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    if (!slot) return 0;
    slot->regs = ctx->args[0];
    slot->code = ctx->args[1];
    slot->tid = id;
    if ((u32)ctx->args[1] == NR_close) {
        /* At its exit the descriptor leads nowhere any more. */
        u64 fd = 0;
        struct ident ident = {};
        READ(fd, ctx->args[0] + REGS_AT + __builtin_offsetof(struct regs, rdi));
        identify_file(file_of(fd), &ident);
        slot->before = ident;
    }
    slot->start = bpf_ktime_get_boot_ns();
    return 0;
}

static __always_inline u64 argument(struct regs *r, u8 at)
{
    switch (at) {
    case 0: return r->rdi;
    case 1: return r->rsi;
    case 2: return r->rdx;
    case 3: return r->r10;
    case 4: return r->r8;
    case 5: return r->r9;
    }
    return 0;
}

/* One call's facts while its record is made. */
struct call {
    struct regs r;
    u64 now, id, latency;
    s64 ret;
    struct ident ident;
    char *socket;       /* struct file of the descriptor, if it is a socket */
    u64 text, text2, addr, data;
    u64 size;           /* payload bytes that were transferred */
    u32 addr_len;
    s32 fd;
    u16 code, flags;
    u8 data_kind;
};

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
static __always_inline bool copy_texts(struct head *h, char *data, u32 half, struct call *c, bool last)
{
    long n = bpf_probe_read_user_str(data, half, (void *)c->text);
    if (n < 0) h->flags |= F_UNREADABLE;
    else if (n == half && !last) return true;
    else {
        if (n == half) h->flags |= cut_flag(c->text, half);
        h->text_len = n;
    }
    if (!c->text2) return false;
    n = bpf_probe_read_user_str(data + half, half, (void *)c->text2);
    if (n < 0) h->flags |= F_UNREADABLE;
    else if (n == half && !last) return true;
    else {
        if (n == half) h->flags |= cut_flag(c->text2, half);
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

static __always_inline void emit_text(struct call *c, u8 life_lane)
{
    if (life_lane) {
        struct medium *m = life.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_LIFE);
        fill(&m->head, c);
        if (!copy_texts(&m->head, m->data, MEDIUM_DATA / 2, c, false)) {
            life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
            return;
        }
        life.ringbuf_discard(m, BPF_RB_NO_WAKEUP);
    } else {
        u32 half = c->text2 ? MEDIUM_DATA / 2 : MEDIUM_DATA;
        struct medium *m = medium.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_MEDIUM);
        fill(&m->head, c);
        if (!(c->text2 ? copy_texts(&m->head, m->data, MEDIUM_DATA / 2, c, false)
                       : copy_texts(&m->head, m->data, MEDIUM_DATA, c, false))) {
            medium.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
            return;
        }
        medium.ringbuf_discard(m, BPF_RB_NO_WAKEUP);
        struct wide *w = wide.ringbuf_reserve(sizeof(*w));
        if (!w) return count_lost(LANE_WIDE);
        fill(&w->head, c);
        if (!copy_texts(&w->head, w->data, WIDE_DATA / 2, c, false)) {
            wide.ringbuf_submit(w, BPF_RB_NO_WAKEUP);
            return;
        }
        wide.ringbuf_discard(w, BPF_RB_NO_WAKEUP);
    }
    struct large *l = large.ringbuf_reserve(sizeof(*l));
    if (!l) return count_lost(LANE_LARGE);
    fill(&l->head, c);
    copy_texts(&l->head, l->data, LARGE_DATA / 2, c, true);
    large.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
}

/* Payload of readv, sendmsg and the like; the message's address too. */
static __always_inline void copy_message(struct head *h, char *data, struct call *c)
{
    u64 vecs = c->data, count = c->r.rdx;
    struct msg msg = {};
    if (c->data_kind >= DATA_MSG_IN) {
        if (bpf_probe_read_user(&msg, sizeof(msg), (void *)c->data)) h->flags |= F_UNREADABLE;
        vecs = msg.iov;
        count = msg.iov_len;
        c->addr = msg.name;
        c->addr_len = msg.name_len;
    }
    copy_socket(h, data, c);
    if (vecs) copy_vectors(h, data, c, vecs, count);
}

static __always_inline void emit_vectors(struct call *c)
{
#if DATA_AT + 2 * SNAPLEN <= WIDE_DATA
    struct wide *w = wide.ringbuf_reserve(sizeof(*w));
    if (!w) return count_lost(LANE_WIDE);
    fill(&w->head, c);
    copy_message(&w->head, w->data, c);
    wide.ringbuf_submit(w, BPF_RB_NO_WAKEUP);
#else
    struct large *l = large.ringbuf_reserve(sizeof(*l));
    if (!l) return count_lost(LANE_LARGE);
    fill(&l->head, c);
    copy_message(&l->head, l->data, c);
    large.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
#endif
}

static __always_inline void emit_io(struct call *c, u8 life_lane)
{
    if (life_lane) {
        struct medium *m = life.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_LIFE);
        fill(&m->head, c);
        copy_io(&m->head, m->data, MEDIUM_PAYLOAD, c);
        life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    } else if (c->size <= MEDIUM_PAYLOAD || SNAPLEN <= MEDIUM_PAYLOAD) {
        struct medium *m = medium.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_MEDIUM);
        fill(&m->head, c);
        copy_io(&m->head, m->data, SNAPLEN < MEDIUM_PAYLOAD ? SNAPLEN : MEDIUM_PAYLOAD, c);
        medium.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    } else {
        struct large *l = large.ringbuf_reserve(sizeof(*l));
        if (!l) return count_lost(LANE_LARGE);
        fill(&l->head, c);
        copy_io(&l->head, l->data, SNAPLEN, c);
        large.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
    }
}

static __always_inline void emit_small(struct call *c, u8 life_lane)
{
    if (life_lane) {
        struct medium *m = life.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_LIFE);
        fill(&m->head, c);
        life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    } else {
        struct small *s = small.ringbuf_reserve(sizeof(*s));
        if (!s) return count_lost(LANE_SMALL);
        fill(&s->head, c);
        small.ringbuf_submit(s, BPF_RB_NO_WAKEUP);
    }
}

/* A new program: its name and arguments lie on its fresh stack, where nobody has changed them yet. */
static __always_inline void emit_exec(struct call *c)
{
    char *mm = 0, *file = 0;
    u64 start = 0, end = 0, name = 0;
    char *task = (char *)bpf_get_current_task();
    struct large *l = exec.ringbuf_reserve(sizeof(*l));
    if (!l) return count_lost(LANE_EXEC);
    __builtin_memset(&c->r, 0, sizeof(c->r));
    if (!READ(mm, task + K_TASK_MM) && mm) {
        READ(start, mm + K_MM_ARG_START);
        READ(end, mm + K_MM_ARG_END);
        READ(name, mm + K_MM_ENV_END);
        READ(file, mm + K_MM_EXE_FILE);
        identify_file(file, &c->ident);
    }
    fill(&l->head, c);
    /* The kernel puts the file name given to exec just above the environment. */
    long n = bpf_probe_read_user_str(l->data, LARGE_DATA / 2, (void *)name);
    if (n > 0) l->head.text_len = n;
    else l->head.flags |= F_UNREADABLE;
    u64 size = end - start;
    if (size > LARGE_DATA / 2) l->head.flags |= F_TEXT_TRUNCATED;
    size = at_most(size, LARGE_DATA / 2);
    if (!bpf_probe_read_user(l->data + LARGE_DATA / 2, size, (void *)start)) l->head.text2_len = size;
    else l->head.flags |= F_UNREADABLE;
    exec.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
}

/* Addresses behind a call's arguments, and how many payload bytes went through. */
static __always_inline void follow_plan(struct call *c, struct plan *plan)
{
    if (plan->text != NONE) c->text = argument(&c->r, plan->text);
    if (plan->text2 != NONE) c->text2 = argument(&c->r, plan->text2);
    if (plan->addr_kind && plan->addr != NONE) {
        c->addr = argument(&c->r, plan->addr);
        u64 len = argument(&c->r, plan->addr + 1);
        if (plan->addr_kind == ADDR_IN) c->addr_len = len;
        else if (c->ret >= 0 && len) bpf_probe_read_user(&c->addr_len, 4, (void *)len);
        if (c->addr_len > ADDR_MAX) c->addr_len = ADDR_MAX;
    }
    if (!SNAPLEN || !plan->data_kind || (c->ret < 0 && plan->data_kind != DATA_IN)) return;
    c->data = argument(&c->r, plan->data);
    c->data_kind = plan->data_kind;
    if (plan->data_kind == DATA_PAIR) c->size = 8;
    else if (plan->size_from_ret && c->ret >= 0) c->size = c->ret;
    else if (plan->data_kind == DATA_IN) c->size = argument(&c->r, plan->data + 1);
    if (!c->data || !c->size) c->data_kind = DATA_NONE;
}

static __always_inline void identify(struct call *c, struct plan *plan, struct slot *slot)
{
    if (plan->returns_fd && c->ret >= 0) c->fd = c->ret;
    else if (plan->fd != NONE) c->fd = argument(&c->r, plan->fd);
    else if (plan->dirfd != NONE) c->fd = argument(&c->r, plan->dirfd);
    if (c->fd < 0) {
        c->fd = -1;
        return;
    }
    if (c->code == NR_close) {
        c->ident = slot->before;
        return;
    }
    char *file = file_of(c->fd);
    if (!file) return;
    identify_file(file, &c->ident);
    if ((c->ident.mode & S_IFMT) == S_IFSOCK) c->socket = file;
}

static __always_inline bool is_fork(u32 code)
{
    return code == NR_clone || code == NR_fork || code == NR_vfork || code == NR_clone3;
}

/* By which entry a call came. The code segment does not tell: 64-bit programs can use int 0x80 too. */
static __always_inline u16 entry_flags(u32 code)
{
    u32 status = 0;
    READ(status, (char *)bpf_get_current_task() + K_TASK_STATUS);
    if (status & TS_COMPAT) return F_COMPAT;
    return code & (1U << 30) ? F_X32 : 0;
}

static __always_inline void take_compat_arguments(struct call *c, u64 regs)
{
    struct { u64 bp, bx; } low = {};
    struct regs r = c->r;
    READ(low, regs + BP_AT);
    c->r.rdi = low.bx;
    c->r.rsi = r.rcx;
    c->r.r10 = r.rsi;
    c->r.r8 = r.rdi;
    c->r.r9 = low.bp;
}

int on_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    if ((id >> 32) == SELF) return 0;
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    if (!slot || slot->muted == (u32)id) return 0;
    struct call c = {};
    c.now = bpf_ktime_get_boot_ns();
    if (READ(c.r, ctx->args[0] + REGS_AT)) return 0;
    c.id = id;
    c.ret = ctx->args[1];
    c.fd = -1;
    c.latency = MAX_LATENCY;
    u32 code = c.r.orig_rax;
    if (slot->tid == (u32)id && slot->start) {
        c.latency = c.now - slot->start;
        code = slot->code;
    } else if (c.ret == 0 && is_fork(code)) {
        return 0; /* the new thread's own return from the fork: procfork tells of it */
    }
    slot->start = 0;
    c.flags = entry_flags(code);
    if (c.flags & F_COMPAT) take_compat_arguments(&c, ctx->args[0]);
    c.code = code;
    if (c.flags) return emit_small(&c, 0), 0;
    if (code == NR_rt_sigreturn) __builtin_memset(&c.r, 0, sizeof(c.r));
    if (c.ret == 0 && (code == NR_execve || code == NR_execveat)) return emit_exec(&c), 0;
    int key = code;
    struct plan *plan = plans.lookup(&key);
    if (!plan) return emit_small(&c, 0), 0;
    identify(&c, plan, slot);
    follow_plan(&c, plan);
    if (c.text) emit_text(&c, plan->life);
    else if (has_vectors(c.data_kind)) emit_vectors(&c);
    else if (c.socket || c.addr || c.data_kind) emit_io(&c, plan->life);
    else emit_small(&c, plan->life);
    return 0;
}

/* Process life. */

int on_sched_process_fork(struct bpf_raw_tracepoint_args *ctx)
{
    char *child = (char *)ctx->args[1], *parent = 0, *pid = 0;
    u64 id = bpf_get_current_pid_tgid();
    u32 tid = 0, level = 0;
    READ(tid, child + K_TASK_PID);
    int at = tid & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    if (slot && slot->tid == tid) slot->start = 0;
    u32 value = 0;
    READ(value, child + K_TASK_TGID);
    if (value == SELF) return 0;
    /* The recorder's own child stays silent until it runs the program it was made for. */
    if (slot) slot->muted = (id >> 32) == SELF ? tid : 0;
    struct medium *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE), 0;
    /* The recorder is in no event: its child tells of the fork itself. */
    if ((id >> 32) == SELF) id = (u64)value << 32 | tid;
    begin(&m->head, bpf_ktime_get_boot_ns(), id, PROCFORK);
    m->head.args[0] = value;
    m->head.args[1] = tid;
    READ(m->head.args[2], child + K_TASK_START);
    if (!READ(parent, child + K_TASK_REAL_PARENT) && parent) {
        READ(value, parent + K_TASK_TGID);
        m->head.args[3] = value;
    }
    if (!READ(pid, child + K_TASK_THREAD_PID) && pid && !READ(level, pid + K_PID_LEVEL) && level < 32) {
        READ(value, pid + K_PID_NUMBERS + level * K_UPID_SIZE + K_UPID_NR);
        m->head.args[4] = value;
    }
    long n = bpf_probe_read_kernel_str(m->data, 16, child + K_TASK_COMM);
    if (n > 0) m->head.text_len = n;
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    return 0;
}

/* Programs that a system call started are told of at its return; here are those of the kernel itself. */
int on_sched_process_exec(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    u32 old_tid = ctx->args[1];
    int at = (u32)id & (SLOTS - 1), old_at = old_tid & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at), *old = slots.lookup(&old_at);
    if (!slot || !old || (id >> 32) == SELF) return 0;
    if (slot->muted == (u32)id) slot->muted = 0;
    if (old->tid == old_tid && old->start && (old->code == NR_execve || old->code == NR_execveat)) {
        if (slot != old) {
            /* A thread that is not the first takes the first one's id as it runs the new program. */
            slot->start = old->start;
            slot->code = old->code;
            slot->tid = id;
            old->start = 0;
        }
        return 0;
    }
    struct call c = {};
    c.now = bpf_ktime_get_boot_ns();
    c.id = id;
    c.fd = -1;
    c.code = PROCEXEC;
    c.latency = MAX_LATENCY;
    emit_exec(&c);
    return 0;
}

int on_sched_process_exit(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    if ((id >> 32) == SELF) return 0;
    char *task = (char *)ctx->args[0], *signal = 0;
    int at = (u32)id & (SLOTS - 1);
    u32 status = 0, live = 0;
    struct slot *slot = slots.lookup(&at);
    if (!slot || slot->muted == (u32)id) return 0;
    u64 now = bpf_ktime_get_boot_ns();
    READ(status, task + K_TASK_EXIT_CODE);
    if (slot->tid == (u32)id && slot->start) {
        struct call c = {};
        READ(c.r, slot->regs + REGS_AT);
        c.now = now;
        c.id = id;
        c.fd = -1;
        c.latency = now - slot->start;
        c.code = slot->code;
        c.flags = F_NEVER_RETURNED | entry_flags(slot->code);
        slot->start = 0;
        emit_small(&c, 1);
    }
    struct medium *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE), 0;
    begin(&m->head, now, id, PROCEXIT);
    m->head.args[0] = status;
    m->head.ret = (status >> 8) & 0xff;
    if (!READ(signal, task + K_TASK_SIGNAL) && signal) READ(live, signal + K_SIGNAL_LIVE);
    m->head.args[1] = live == 0;
    READ(m->head.args[2], task + K_TASK_START);
    READ(m->head.args[3], task + K_TASK_RUNTIME);
    READ(m->head.args[4], task + K_TASK_MIN_FLT);
    READ(m->head.args[5], task + K_TASK_MAJ_FLT);
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    return 0;
}

/* Cgroup life. */

static __always_inline void emit_cgroup(char *cgroup, char *path, char *task, u16 code)
{
    char *kn = 0, *root = 0;
    u32 value = 0;
    struct medium *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE);
    begin(&m->head, bpf_ktime_get_boot_ns(), bpf_get_current_pid_tgid(), code);
    if (!READ(kn, cgroup + K_CGROUP_KN) && kn) READ(m->head.args[0], kn + K_KN_ID);
    if (!READ(root, cgroup + K_CGROUP_ROOT) && root) READ(value, root + K_ROOT_HIERARCHY);
    m->head.args[1] = value;
    if (task) {
        READ(value, task + K_TASK_PID);
        m->head.args[2] = value;
    }
    long n = bpf_probe_read_kernel_str(m->data, MEDIUM_DATA, path);
    if (n > 0) m->head.text_len = n;
    if (n == MEDIUM_DATA) {
        /* Kubernetes' paths are long: take the record again where there is room. */
        struct large *l = exec.ringbuf_reserve(sizeof(*l));
        if (l) {
            l->head = m->head;
            life.ringbuf_discard(m, BPF_RB_NO_WAKEUP);
            n = bpf_probe_read_kernel_str(l->data, LARGE_DATA / 2, path);
            if (n > 0) l->head.text_len = n;
            exec.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
            return;
        }
        m->head.flags |= F_TEXT_TRUNCATED;
    }
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
}

int on_cgroup_mkdir(struct bpf_raw_tracepoint_args *ctx)
{
    emit_cgroup((char *)ctx->args[0], (char *)ctx->args[1], 0, CGROUP_MKDIR);
    return 0;
}

int on_cgroup_rmdir(struct bpf_raw_tracepoint_args *ctx)
{
    emit_cgroup((char *)ctx->args[0], (char *)ctx->args[1], 0, CGROUP_RMDIR);
    return 0;
}

int on_cgroup_attach_task(struct bpf_raw_tracepoint_args *ctx)
{
    emit_cgroup((char *)ctx->args[0], (char *)ctx->args[1], (char *)ctx->args[2], CGROUP_ATTACH);
    return 0;
}
