/* System calls: noted when they enter, one record when they return. */

/* These make the record of a call and tell which lane was full, FITTED if none. */

static __always_inline int emit_text(struct call *c, u8 life_lane)
{
    u64 text = c->text, text2 = c->text2;
    struct medium *m = reserve_medium(life_lane);
    if (!m) return life_lane ? LANE_LIFE : LANE_MEDIUM;
    fill(&m->head, c);
    if (!(text2 ? copy_texts(&m->head, m->data, MEDIUM_DATA / 2, text, text2, false)
                : copy_texts(&m->head, m->data, MEDIUM_DATA, text, 0, false))) {
        medium.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
        return FITTED;
    }
    medium.ringbuf_discard(m, BPF_RB_NO_WAKEUP);
    struct wide *w = wide.ringbuf_reserve(sizeof(*w));
    if (!w) return LANE_WIDE;
    fill(&w->head, c);
    if (!copy_texts(&w->head, w->data, WIDE_DATA / 2, text, text2, false)) {
        wide.ringbuf_submit(w, BPF_RB_NO_WAKEUP);
        return FITTED;
    }
    wide.ringbuf_discard(w, BPF_RB_NO_WAKEUP);
    struct large *l = large.ringbuf_reserve(sizeof(*l));
    if (!l) return LANE_LARGE;
    fill(&l->head, c);
    copy_texts(&l->head, l->data, LARGE_DATA / 2, text, text2, true);
    large.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
    return FITTED;
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

static __always_inline int emit_vectors(struct call *c)
{
#if DATA_AT + 2 * SNAPLEN <= WIDE_DATA
    struct wide *w = wide.ringbuf_reserve(sizeof(*w));
    if (!w) return LANE_WIDE;
    fill(&w->head, c);
    copy_message(&w->head, w->data, c);
    wide.ringbuf_submit(w, BPF_RB_NO_WAKEUP);
#else
    struct large *l = large.ringbuf_reserve(sizeof(*l));
    if (!l) return LANE_LARGE;
    fill(&l->head, c);
    copy_message(&l->head, l->data, c);
    large.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
#endif
    return FITTED;
}

static __always_inline int emit_io(struct call *c, u8 life_lane)
{
    if (life_lane || !c->data_kind || c->size <= MEDIUM_PAYLOAD || SNAPLEN <= MEDIUM_PAYLOAD) {
        struct medium *m = reserve_medium(life_lane);
        if (!m) return life_lane ? LANE_LIFE : LANE_MEDIUM;
        fill(&m->head, c);
        copy_io(&m->head, m->data, SNAPLEN < MEDIUM_PAYLOAD ? SNAPLEN : MEDIUM_PAYLOAD, c);
        medium.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
        return FITTED;
    }
    struct large *l = large.ringbuf_reserve(sizeof(*l));
    if (!l) return LANE_LARGE;
    fill(&l->head, c);
    copy_io(&l->head, l->data, SNAPLEN, c);
    large.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
    return FITTED;
}

static __always_inline int emit_small(struct call *c, u8 life_lane)
{
    if (life_lane) {
        struct medium *m = reserve_medium(life_lane);
        if (!m) return LANE_LIFE;
        fill(&m->head, c);
        life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    } else {
        struct small *s = small.ringbuf_reserve(sizeof(*s));
        if (!s) return LANE_SMALL;
        fill(&s->head, c);
        small.ringbuf_submit(s, BPF_RB_NO_WAKEUP);
    }
    return FITTED;
}

static __always_inline int emit_call(struct call *c, u8 life_lane)
{
    if (c->text) return emit_text(c, life_lane);
    if (has_vectors(c->data_kind)) return emit_vectors(c);
    if (c->socket || c->addr || c->data_kind) return emit_io(c, life_lane);
    return emit_small(c, life_lane);
}

/* Addresses behind a call's arguments, and how many payload bytes went through. */
static __always_inline void follow_plan(struct call *c, struct plan *plan)
{
    if (plan->size_from_ret && c->ret > 0) c->moved = c->ret;
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
    if (plan->names == OPENS) {
        slot->regs = (u64)file;
        slot->before = c->ident;
    }
    if ((c->ident.mode & S_IFMT) == S_IFSOCK) c->socket = file;
}

/* Process life and what changes the machine has lanes that an I/O storm cannot fill. */
static __always_inline u8 goes_with_life(struct call *c, struct plan *plan)
{
    u64 flags = 0;
    if (plan->open_flags == NONE) return plan->life;
    flags = argument(&c->r, plan->open_flags);
    if (c->code == NR_openat2) bpf_probe_read_user(&flags, sizeof(flags), (void *)flags);
    return (flags & OPENS_FOR_WRITING) != 0;
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

int on_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    if ((id >> 32) == SELF || is_left_out(id, ctx->args[1])) return 0;
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
    if (changes_privileges(ctx->args[1])) tails.call(ctx, TAIL_CREDENTIALS_BEFORE);
    return 0;
}

/* What is left to tell of a call once its record is made. */
enum { NOTHING_MORE, PRIVILEGES, OPENED };

static __always_inline int record_return(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    if ((id >> 32) == SELF || was_left_out(id)) return 0;
    int at = (u32)id & (SLOTS - 1), zero = 0;
    struct slot *slot = slots.lookup(&at);
    if (!slot || slot->muted == (u32)id) return 0;
    struct call *c = calls.lookup(&zero);
    if (!c) return 0;
    __builtin_memset(c, 0, sizeof(*c));
    c->now = bpf_ktime_get_boot_ns();
    if (READ(c->r, ctx->args[0] + REGS_AT)) return 0;
    c->id = id;
    c->ret = ctx->args[1];
    c->fd = -1;
    c->latency = MAX_LATENCY;
    u32 code = c->r.orig_rax;
    if (slot->tid == (u32)id && slot->start) {
        c->latency = c->now - slot->start;
        code = slot->code;
    } else if (c->ret == 0 && is_fork(code)) {
        return 0; /* the new thread's own return from the fork: procfork tells of it */
    } else if (is_left_out(id, code)) {
        return 0; /* its entry was not seen: the probe came later */
    }
    slot->start = 0;
    c->flags = entry_flags(code);
    if (c->flags & F_COMPAT) take_compat_arguments(c, ctx->args[0]);
    c->code = code;
    c->category = CATEGORY_OTHER;
    int key = code, full;
    struct plan *plan = c->flags ? 0 : plans.lookup(&key);
    if (!plan) full = emit_small(c, 0);
    else if (c->ret == 0 && (code == NR_execve || code == NR_execveat)) {
        c->category = plan->category;
        full = emit_exec(c, slot->script);
    } else {
        c->category = plan->category;
        if (code == NR_rt_sigreturn) __builtin_memset(&c->r, 0, sizeof(c->r));
        identify(c, plan, slot);
        follow_plan(c, plan);
        u32 level = pressure(c->now);
        if (level && give_way(c, level, plan->bulk)) return NOTHING_MORE;
        full = emit_call(c, goes_with_life(c, plan));
    }
    if (full != FITTED) count_missed(c, full);
    if (c->flags && c->ret == 0 && foreign_call_moves(code)) count_move();
    if (!plan) return NOTHING_MORE;
    if (plan->names && c->ret >= 0) return plan->names == OPENS ? OPENED : (count_move(), NOTHING_MORE);
    return changes_privileges(code) ? PRIVILEGES : NOTHING_MORE;
}

int on_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
    int more = record_return(ctx);
    if (more == PRIVILEGES) tails.call(ctx, TAIL_CREDENTIALS_AFTER);
    if (more) tails.call(ctx, TAIL_OPENED_PATH);
    return 0;
}
