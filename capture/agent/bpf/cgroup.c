/* Cgroup life. */

static __always_inline void emit_cgroup(char *cgroup, char *path, char *task, u16 code)
{
    char *kn = 0, *root = 0;
    u32 value = 0;
    struct life *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE, CATEGORY_SCHEDULER);
    begin(&m->head, bpf_ktime_get_boot_ns(), bpf_get_current_pid_tgid(), code);
    if (!READ(kn, cgroup + K_CGROUP_KN) && kn) READ(m->head.args[0], kn + K_KN_ID);
    if (!READ(root, cgroup + K_CGROUP_ROOT) && root) READ(value, root + K_ROOT_HIERARCHY);
    m->head.args[1] = value;
    if (task) {
        READ(value, task + K_TASK_PID);
        m->head.args[2] = value;
    }
    long n = bpf_probe_read_kernel_str(m->data, LIFE_DATA, path);
    if (n > 0) m->head.text_len = n;
    if (n == LIFE_DATA) {
        /* Kubernetes' paths are long: take the record again where there is room. */
        struct exec *l = exec.ringbuf_reserve(sizeof(*l));
        if (l) {
            l->head = m->head;
            life.ringbuf_discard(m, BPF_RB_NO_WAKEUP);
            n = bpf_probe_read_kernel_str(l->data, EXEC_DATA / 2, path);
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
    filter_mkdir((char *)ctx->args[0]);
    emit_cgroup((char *)ctx->args[0], (char *)ctx->args[1], 0, CGROUP_MKDIR);
    return 0;
}

int on_cgroup_rmdir(struct bpf_raw_tracepoint_args *ctx)
{
    filter_rmdir((char *)ctx->args[0]);
    emit_cgroup((char *)ctx->args[0], (char *)ctx->args[1], 0, CGROUP_RMDIR);
    return 0;
}

int on_cgroup_attach_task(struct bpf_raw_tracepoint_args *ctx)
{
    judge_all_again(false);
    emit_cgroup((char *)ctx->args[0], (char *)ctx->args[1], (char *)ctx->args[2], CGROUP_ATTACH);
    return 0;
}
