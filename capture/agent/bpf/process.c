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
    filter_fork(id >> 32, tid, value);
    /* The recorder's own child stays silent until it runs the program it was made for. */
    if (slot) slot->muted = (id >> 32) == SELF ? tid : 0;
    struct life *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE, CATEGORY_SCHEDULER), 0;
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
    tails.call(ctx, TAIL_CREDENTIALS_OF_CHILD);
    return 0;
}

/* Programs that a call started are told of at its return; here are those of the kernel and of 32-bit programs. */
int on_sched_process_exec(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    u32 old_tid = ctx->args[1];
    int at = (u32)id & (SLOTS - 1), old_at = old_tid & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at), *old = slots.lookup(&old_at);
    if (!slot || !old || (id >> 32) == SELF) return 0;
    if (slot->muted == (u32)id) slot->muted = 0;
    judge_again(id);
    slot->began = is_script((char *)ctx->args[2]) ? BEGAN_SCRIPT : 0;
    bool by_a_call = old->tid == old_tid && old->start;
    if (by_a_call) {
        if (slot != old) {
            /* A thread that is not the first takes the first one's id as it runs the new program. */
            slot->start = old->start;
            slot->code = old->code;
            slot->tid = id;
            old->start = 0;
        }
        slot->began |= BEGAN_PROGRAM;
        if (slot->code == NR_execve || slot->code == NR_execveat) return 0;
    }
    int full = emit_exec(slot, bpf_ktime_get_boot_ns(), id, MAX_LATENCY, PROCEXEC);
    if (full != FITTED) count_lost(full, CATEGORY_SCHEDULER);
    if (!by_a_call) slot->began = 0;
    return 0;
}

/* The call in which a thread died. */
static __always_inline void emit_never_returned(struct slot *slot, u64 now, u64 id, u64 latency)
{
    struct life *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE, CATEGORY_PROCESS);
    begin(&m->head, now, id, slot->code);
    m->head.latency = latency;
    m->head.flags = F_NEVER_RETURNED | entry_flags(TASK(), slot->code);
    put_arguments(&m->head, registers_of(TASK(), slot->regs), 6);
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
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
        u64 latency = now - slot->start;
        slot->start = 0;
        emit_never_returned(slot, now, id, latency);
    }
    if (!READ(signal, task + K_TASK_SIGNAL) && signal) READ(live, signal + K_SIGNAL_LIVE);
    filter_exit(id >> 32, live == 0);
    struct life *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE, CATEGORY_SCHEDULER), 0;
    begin(&m->head, now, id, PROCEXIT);
    m->head.args[0] = status;
    m->head.ret = (status >> 8) & 0xff;
    m->head.args[1] = live == 0;
    READ(m->head.args[2], task + K_TASK_START);
    READ(m->head.args[3], task + K_TASK_RUNTIME);
    READ(m->head.args[4], task + K_TASK_MIN_FLT);
    READ(m->head.args[5], task + K_TASK_MAJ_FLT);
    /* A process that began before the recording and ends before the snapshot is named by nothing else. */
    long n = bpf_probe_read_kernel_str(m->data, 16, task + K_TASK_COMM);
    if (n > 0) m->head.text_len = n;
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    return 0;
}
