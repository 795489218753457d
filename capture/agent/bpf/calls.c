/* System calls: noted when they enter, one record when they return. */

static __always_inline bool is_fork(u32 code)
{
    return code == NR_clone || code == NR_fork || code == NR_vfork || code == NR_clone3;
}

/* A program that begins has set what entry_flags reads to its own kind: its number alone tells of the call. */
static __always_inline u16 exec_flags(u32 code)
{
    if (code == NR_execve || code == NR_execveat) return 0;
    return code & X32_BIT ? F_X32 : F_COMPAT;
}

/* How many bytes of payload went through. */
static __always_inline u64 payload_size(struct head *h, struct plan *plan)
{
    if (plan->data_kind == DATA_PAIR) return h->ret < 0 ? 0 : 8;
    if (plan->data_kind >= DATA_MMSG_IN) return h->ret < 0 ? 0 : h->ret;
    if (h->ret >= 0) return plan->size_from_ret ? h->ret : argument(h, plan->data + 1);
    return plan->data_kind == DATA_IN ? argument(h, plan->data + 1) : 0;
}

/* An address that the program gives, or one that the kernel puts where the program wants it. */
static __always_inline void follow_address(struct target *t, struct plan *plan)
{
    u64 size = argument(t->head, plan->addr + 1);
    u32 told = 0;
    if (plan->addr_kind == ADDR_OUT) {
        if (t->head->ret < 0 || !size) return;
        bpf_probe_read_user(&told, sizeof(told), (void *)size);
        size = told;
    }
    copy_address(t, argument(t->head, plan->addr), (u32)size);
}

/* Socket, address, texts and payload, in the order in which the recorder takes them out again. */
static __always_inline void follow_plan(struct target *t, struct plan *plan, u64 socket, bool without_payload)
{
    struct head *h = t->head;
    copy_socket(t, socket);
    if (plan->addr_kind) follow_address(t, plan);
    if (plan->second_fd != NONE && h->ret >= 0) copy_second(t, argument(h, plan->second_fd));
    h->text_len = copy_text(t, argument(h, plan->text));
    h->text2_len = copy_text(t, argument(h, plan->text2));
    if (!SNAPLEN || !plan->data_kind) return;
    u64 data = argument(h, plan->data), size = payload_size(h, plan);
    if (!data || !size) return;
    t->most = payload_limit(h, plan, data, socket);
    if (!t->segment || (without_payload && plan->data_kind != DATA_PAIR)) {
        h->flags |= F_DATA_TRUNCATED;
        count_lost(NO_PAYLOAD, plan->category);
    } else if (plan->data_kind >= DATA_MMSG_IN)
        copy_messages(t, data, size, false);
    else if (plan->data_kind >= DATA_IOV_IN && plan->data_kind <= DATA_MSG_OUT)
        copy_message(t, plan->data_kind, data, h->args[2], size, false);
    else copy_payload(t, data, size);
}

/* The descriptor that a call is about. */
static __always_inline s32 descriptor(struct head *h, struct plan *plan)
{
    s32 fd = -1;
    if (plan->returns_fd && h->ret >= 0) fd = h->ret;
    else if (plan->fd != NONE) fd = argument(h, plan->fd);
    else if (plan->dirfd != NONE) fd = argument(h, plan->dirfd);
    return fd < 0 ? -1 : fd;
}

/* Process life and what changes the machine has room that an I/O storm cannot fill. */
static __always_inline bool tells_of_life(struct head *h, struct plan *plan)
{
    u64 flags = 0;
    if (plan->open_flags == NONE) return plan->life;
    flags = argument(h, plan->open_flags);
    if (h->code == NR_openat2) bpf_probe_read_user(&flags, sizeof(flags), (void *)flags);
    return (flags & OPENS_FOR_WRITING) != 0;
}

/* Those that are none would only cost room; of a call that nothing is known of any may be one. */
static __always_inline void put_known_arguments(struct head *h, struct plan *plan, char *task, u64 regs)
{
    u8 count = plan ? plan->args : 6;
    if (!(h->flags & F_COMPAT)) {
        put_arguments(h, registers_of(task, regs), count);
        return;
    }
    put_compat_arguments(h, regs);
    if (count < 6) h->args[5] = 0;
    if (count < 5) h->args[4] = 0;
    if (count < 4) h->args[3] = 0;
    if (count < 3) h->args[2] = 0;
    if (count < 2) h->args[1] = 0;
    if (count < 1) h->args[0] = 0;
}

int on_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
    char *task = TASK();
    u64 id = id_of(task);
    if ((id >> 32) == SELF || is_left_out(id, ctx->args[1])) return 0;
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    if (!slot) return 0;
    slot->regs = ctx->args[0];
    slot->code = ctx->args[1];
    slot->tid = id;
    if ((u32)ctx->args[1] == NR_close) {
        /* At its exit the descriptor leads nowhere any more. */
        identify_fd(task, REGISTER(registers_of(task, ctx->args[0]), rdi), &slot->thing);
    }
    slot->start = bpf_ktime_get_boot_ns();
    if (may_change_privileges(ctx->args[1]) && changes_privileges(ctx->args[1], entry_flags(task, ctx->args[1])))
        tails.call(ctx, TAIL_CREDENTIALS_BEFORE);
    return 0;
}

/* What is left to tell of a call once its record is made; BEHIND beside it: the record is not handed over yet. */
enum { NOTHING_MORE, PRIVILEGES, OPENED, BEHIND };

/* The record belongs to the recorder from here on; what is left to tell. */
static __always_inline int finish_call(struct head *h, struct position *p, int cpu)
{
    u32 code = h->code;
    u16 flags = h->flags & (F_COMPAT | F_X32);
    struct plan *plan = plan_of(code, flags);
    bool opened = plan && plan->names == OPENS && h->ret >= 0;
    hand_over(h, p, cpu);
    if (opened) return OPENED;
    return changes_privileges(code, flags) ? PRIVILEGES : NOTHING_MORE;
}

static __always_inline int finish_without_structures(void)
{
    int cpu = bpf_get_smp_processor_id();
    struct position *p = positions.lookup(&cpu);
    if (!p) return NOTHING_MORE;
    struct head *h = next_head(p, cpu);
    return h ? finish_call(h, p, cpu) : NOTHING_MORE;
}

static __always_inline int record_return(struct bpf_raw_tracepoint_args *ctx)
{
    char *task = TASK();
    u64 id = id_of(task);
    if ((id >> 32) == SELF || was_left_out(id)) return 0;
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    if (!slot || slot->muted == (u32)id) return 0;
    u64 now = bpf_ktime_get_boot_ns(), latency = MAX_LATENCY;
    s64 ret = ctx->args[1];
    u32 code = slot->code;
    if (slot->tid == (u32)id && slot->start) {
        latency = now - slot->start;
    } else {
        code = REGISTER(registers_of(task, ctx->args[0]), orig_rax);
        /* The new thread's own return from the fork: procfork tells of it. */
        if (ret == 0 && is_fork(code)) return 0;
        /* Its entry was not seen: the probe came later. */
        if (is_left_out(id, code)) return 0;
    }
    slot->start = 0;
    slot->regs = now;
    u32 began = slot->began & BEGAN_PROGRAM;
    u16 flags = began ? exec_flags(code) : entry_flags(task, code);
    bool begins = ret == 0 && !flags && (code == NR_execve || code == NR_execveat);
    int cpu = bpf_get_smp_processor_id(), full = FITTED;
    /* What a 32-bit program's exec pointed to is gone; procexec tells of the program. */
    struct plan *plan = began && flags ? 0 : plan_of(code, flags);
    struct position *p = positions.lookup(&cpu);
    if (!p) return NOTHING_MORE;
    u64 used = used_of(p);
    struct head *h = next_head(p, cpu); /* there is always one, also for a call that is only counted */
    if (!h) return NOTHING_MORE;
    if (begins) full = emit_exec(slot, now, id, latency, code);
    if (begins && full == FITTED) {
        slot->began = 0;
        return PRIVILEGES;
    }
    h->time = now;
    h->latency = latency;
    h->cgroup = cgroup_of(task);
    h->ret = ret;
    h->uid = uid_of(task);
    h->ids = id << 32 | id >> 32;
    h->at = p->bytes;
    h->code = code;
    h->cpu = cpu;
    h->flags = flags;
    h->sizes = h->text_len = h->text2_len = 0;
    s32 fd = -1;
    u64 socket = 0;
    slot->began = 0;
    if (!flags && code == NR_rt_sigreturn) {
        __builtin_memset(h->args, 0, sizeof(h->args));
    } else {
        put_known_arguments(h, plan, task, ctx->args[0]);
        if (plan) fd = descriptor(h, plan);
    }
    h->fd = fd;
    if (flags || code != NR_close) socket = identify_fd(task, fd, &slot->thing);
    else if (fd < 0) forget(&slot->thing);
    put_thing(h, &slot->thing);
    /* Read back what was told of the call: to the verifier all ways to here are then one. */
    flags = ((volatile struct head *)h)->flags;
    code = ((volatile struct head *)h)->code;
    fd = ((volatile struct head *)h)->fd;
    ret = ((volatile struct head *)h)->ret;
    u8 category = plan ? plan->category : CATEGORY_OTHER;
    u64 moved = plan && plan->size_from_ret && ret > 0 ? ret : 0;
    u32 level = pressure(p, used, now);
    bool life = plan && tells_of_life(h, plan);
    if (level == BULK_IS_COUNTED && plan && plan->bulk && count_call(h, moved)) return NOTHING_MORE;
    if (used >= (life ? RECORDS : RECORDS - RECORDS / 8)) full = LANE_CALLS;
    if (full != FITTED) {
        count_missed(h, moved, full, category);
    } else {
        if (plan && (socket || plan->behind)) {
            struct target t = {h, p, bytes_room(p, cpu, life)};
            h->at = p->bytes;
            follow_plan(&t, plan, socket, level != ALL_IS_KEPT);
        }
#if PATH_RULES
        if (plan && plan->names == OPENS && ret >= 0 && (h->mode & S_IFMT) == S_IFREG)
            mark_opened(file_of(fd), argument(h, plan->text), h->ino, h->dev);
#endif
        if (plan && plan->structure) return BEHIND;
        hand_over(h, p, cpu);
    }
    if (!plan) return began ? PRIVILEGES : NOTHING_MORE;
    if (plan->names && ret >= 0) return plan->names == OPENS ? OPENED : (count_move(), NOTHING_MORE);
    return began || changes_privileges(code, flags) ? PRIVILEGES : NOTHING_MORE;
}

int on_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
    int more = record_return(ctx);
    if (more == BEHIND) {
        tails.call(ctx, TAIL_STRUCTURES);
        more = finish_without_structures(); /* this kernel has refused that program */
    }
    if (more == PRIVILEGES) tails.call(ctx, TAIL_CREDENTIALS_AFTER);
    if (more) tails.call(ctx, TAIL_OPENED_PATH);
    return 0;
}
