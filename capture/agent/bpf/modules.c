/* Kernel modules. */

static __always_inline int emit_module(char *module, u16 code)
{
    struct life *m = life.ringbuf_reserve(sizeof(*m));
    if (!m) return count_lost(LANE_LIFE, CATEGORY_SCHEDULER), 0;
    begin(&m->head, bpf_ktime_get_boot_ns(), bpf_get_current_pid_tgid(), code);
    READ(m->head.args[0], module + K_MODULE_TAINTS);
    /* MODULE_NAME_LEN of include/linux/module.h is 64 bytes less a pointer or two. */
    long n = bpf_probe_read_kernel_str(m->data, 64, module + K_MODULE_NAME);
    if (n > 0) m->head.text_len = n;
    life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    return 0;
}

int on_module_load(struct bpf_raw_tracepoint_args *ctx)
{
    return emit_module((char *)ctx->args[0], MODULE_LOAD);
}

int on_module_free(struct bpf_raw_tracepoint_args *ctx)
{
    return emit_module((char *)ctx->args[0], MODULE_FREE);
}
