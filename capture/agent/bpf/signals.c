/* Signals: who sent which to whom, and what it did there. */

#define SIGKILL 9
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_ASYNCIO (-4)
#define SI_SIGIO (-5)
#define SI_TKILL (-6)
enum { IGNORED, HANDLED, STOPS, KILLS, DUMPS_CORE };

/* By default (signal(7)): SIGCHLD, SIGCONT, SIGURG and SIGWINCH do nothing; SIGSTOP, SIGTSTP, SIGTTIN and SIGTTOU
 * stop; SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ and SIGSYS dump core. */
#define DO_NOTHING (1ULL << 17 | 1ULL << 18 | 1ULL << 23 | 1ULL << 28)
#define STOP (1ULL << 19 | 1ULL << 20 | 1ULL << 21 | 1ULL << 22)
#define DUMP (1ULL << 3 | 1ULL << 4 | 1ULL << 5 | 1ULL << 6 | 1ULL << 7 | 1ULL << 8 | 1ULL << 11 | 1ULL << 24 | \
              1ULL << 25 | 1ULL << 31)

struct sent {
    s32 code;
    u32 pid;
};

/* An info below 2 is no address: 0 stands for the current process, 1 for the kernel (include/linux/sched/signal.h). */
static __always_inline struct sent read_siginfo(u64 info)
{
    struct sent sent = {.code = info ? SI_KERNEL : SI_USER};
    if (info <= 1) return sent;
    READ(sent.code, info + K_SIGINFO_CODE);
    if (sent.code == SI_USER || sent.code == SI_QUEUE || sent.code == SI_TKILL)
        READ(sent.pid, info + K_SIGINFO_PID);
    return sent;
}

/* Deaths must not be pushed out by a storm of reads, nor by one of signals. */
static __always_inline void emit_signal(struct head *h, bool deadly)
{
    if (deadly) {
        struct life *m = life.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_LIFE, CATEGORY_SIGNAL);
        m->head = *h;
        life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    } else {
        struct other *o = other.ringbuf_reserve(sizeof(*o));
        if (!o) return count_lost(LANE_OTHER, CATEGORY_SIGNAL);
        o->head = *h;
        other.ringbuf_submit(o, BPF_RB_NO_WAKEUP);
    }
}

int on_signal_generate(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid(), signal = ctx->args[0];
    char *task = (char *)ctx->args[2], *cred = 0;
    struct sent sent = read_siginfo(ctx->args[1]);
    struct head h;
    u32 pid = 0, tid = 0;
    READ(pid, task + K_TASK_TGID);
    READ(tid, task + K_TASK_PID);
    /* A timer, a terminal and the like interrupt whoever runs: it is the receiver's event alone then. */
    bool by_nobody = sent.code == SI_KERNEL || sent.code == SI_TIMER || sent.code == SI_ASYNCIO ||
                     sent.code == SI_SIGIO;
    bool foreign = by_nobody && (id >> 32) != pid;
    if (by_nobody) id = (u64)pid << 32 | tid;
    if (is_muted(id)) return 0;
    begin(&h, bpf_ktime_get_boot_ns(), id, SIGNAL_GENERATE);
    if (foreign) {
        h.cgroup = 0;
        h.uid = 0;
        if (!READ(cred, task + K_TASK_REAL_CRED) && cred) READ(h.uid, cred + K_CRED_UID);
    }
    h.args[0] = signal;
    h.args[1] = (s64)sent.code;
    h.args[2] = pid;
    h.args[3] = tid;
    h.args[4] = (u32)ctx->args[4];
    h.args[5] = (u32)ctx->args[3];
    emit_signal(&h, signal == SIGKILL);
    return 0;
}

int on_signal_deliver(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid(), signal = (u32)ctx->args[0], handler = 0, bit;
    char *task = (char *)bpf_get_current_task(), *group = 0;
    struct sent sent = read_siginfo(ctx->args[1]);
    struct head h;
    u32 status = 0;
    if (is_muted(id)) return 0;
    if (signal == SIGKILL && !ctx->args[1]) {
        /* So the kernel ends every thread of a process that dies: of which signal is in its status, of none if
         * it called exit or another thread runs a new program (get_signal in kernel/signal.c). */
        if (!READ(group, task + K_TASK_SIGNAL) && group) READ(status, group + K_SIGNAL_EXIT_CODE);
        signal = status & 0x7f;
        if (!signal) return 0;
    } else {
        READ(handler, ctx->args[2] + K_SIGACTION_HANDLER);
    }
    bit = 1ULL << (signal & 63);
    begin(&h, bpf_ktime_get_boot_ns(), id, SIGNAL_DELIVER);
    h.args[0] = signal;
    h.args[1] = (s64)sent.code;
    h.args[2] = handler > 1 ? HANDLED : handler == 1 || bit & DO_NOTHING ? IGNORED : bit & STOP ? STOPS
                : bit & DUMP ? DUMPS_CORE : KILLS;
    h.args[3] = handler;
    h.args[4] = sent.pid;
    emit_signal(&h, h.args[2] >= KILLS);
    return 0;
}
