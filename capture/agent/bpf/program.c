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
