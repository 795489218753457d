/* The kernel kills a process because it, its container or the machine is out of memory. */

int on_mark_victim(struct bpf_raw_tracepoint_args *ctx)
{
    u64 victim = ctx->args[0];
    u32 pid = victim;
    struct life *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE, CATEGORY_SIGNAL), 0;
    begin(&m->head, bpf_ktime_get_boot_ns(), bpf_get_current_pid_tgid(), OOM_KILL);
    /* Up to 6.8 it is the pid itself, since then its task (include/trace/events/oom.h). */
    if (victim >> 32) READ(pid, (char *)victim + K_TASK_TGID);
    m->head.args[0] = pid;
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    return 0;
}
