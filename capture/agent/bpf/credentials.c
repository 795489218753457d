/* Who a thread is, what it may do and which namespaces it is in: what changed over a call, or at a fork. */

/* The last byte of both is never 0: they travel as texts, of which a closing NUL is taken away. */
#define LAYOUT 0x01000000

struct creds {
    u64 inheritable, permitted, effective, bounding, ambient;
    u32 uid, euid, suid, fsuid, gid, egid, sgid, fsgid;
    u32 securebits, layout;
};
struct spaces {
    u32 mnt, uts, ipc, pid, net, time, cgroup, user, layout;
};
struct privileges {
    struct creds creds;
    struct spaces spaces;
    u32 flags;          /* by which entry the call came */
    u64 groups;         /* address of the list, which is never changed, only replaced */
};
enum { UIDS = 1, GIDS = 2, CAPABILITIES = 4, BOUNDING = 8, AMBIENT = 16, SECUREBITS = 32, GROUPS = 64 };
enum {
    NEWTIME = 0x80, NEWNS = 0x20000, NEWCGROUP = 0x2000000, NEWUTS = 0x4000000, NEWIPC = 0x8000000,
    NEWUSER = 0x10000000, NEWPID = 0x20000000, NEWNET = 0x40000000,
};

/* By task: its ids change when a thread runs a new program. */
BPF_TABLE("lru_hash", u64, struct privileges, before_call, 8192);
/* Room for two, which the stack has not; programs of tracepoints are not preempted. */
BPF_PERCPU_ARRAY(privileges_now, struct privileges, 2);

static __always_inline u32 inode_of(char *proxy, u32 member, u32 inum)
{
    char *space = 0;
    u32 inode = 0;
    if (!READ(space, proxy + member) && space) READ(inode, space + inum);
    return inode;
}

static __always_inline void read_privileges(char *task, struct privileges *p)
{
    char *cred = 0, *proxy = 0;
    __builtin_memset(p, 0, sizeof(*p));
    p->creds.layout = p->spaces.layout = LAYOUT;
    if (!READ(cred, task + K_TASK_REAL_CRED) && cred) {
        READ(p->creds.inheritable, cred + K_CRED_INHERITABLE);
        READ(p->creds.permitted, cred + K_CRED_PERMITTED);
        READ(p->creds.effective, cred + K_CRED_EFFECTIVE);
        READ(p->creds.bounding, cred + K_CRED_BSET);
        READ(p->creds.ambient, cred + K_CRED_AMBIENT);
        READ(p->creds.uid, cred + K_CRED_UID);
        READ(p->creds.euid, cred + K_CRED_EUID);
        READ(p->creds.suid, cred + K_CRED_SUID);
        READ(p->creds.fsuid, cred + K_CRED_FSUID);
        READ(p->creds.gid, cred + K_CRED_GID);
        READ(p->creds.egid, cred + K_CRED_EGID);
        READ(p->creds.sgid, cred + K_CRED_SGID);
        READ(p->creds.fsgid, cred + K_CRED_FSGID);
        READ(p->creds.securebits, cred + K_CRED_SECUREBITS);
        READ(p->groups, cred + K_CRED_GROUPS);
        p->spaces.user = inode_of(cred, K_CRED_USER_NS, K_USER_INUM);
    }
    if (!READ(proxy, task + K_TASK_NSPROXY) && proxy) {
        p->spaces.mnt = inode_of(proxy, K_PROXY_MNT, K_MNT_INUM);
        p->spaces.uts = inode_of(proxy, K_PROXY_UTS, K_UTS_INUM);
        p->spaces.ipc = inode_of(proxy, K_PROXY_IPC, K_IPC_INUM);
        p->spaces.pid = inode_of(proxy, K_PROXY_PID, K_PIDNS_INUM);
        p->spaces.net = inode_of(proxy, K_PROXY_NET, K_NET_INUM);
        p->spaces.time = inode_of(proxy, K_PROXY_TIME, K_TIME_INUM);
        p->spaces.cgroup = inode_of(proxy, K_PROXY_CGROUP, K_CGROUPNS_INUM);
    }
}

/* A bit where two values differ, else 0, without a branch: each would double what the verifier has to follow. */
static __always_inline u32 differ(u64 difference, u32 bit)
{
    u64 sign = difference | -difference;
    asm volatile("" : "+r"(sign));
    return (sign >> 63) * bit;
}

static __always_inline u32 changed_creds(struct privileges *a, struct privileges *b)
{
    struct creds *x = &a->creds, *y = &b->creds;
    u64 uids = (x->uid ^ y->uid) | (x->euid ^ y->euid) | (x->suid ^ y->suid) | (x->fsuid ^ y->fsuid);
    u64 gids = (x->gid ^ y->gid) | (x->egid ^ y->egid) | (x->sgid ^ y->sgid) | (x->fsgid ^ y->fsgid);
    u64 caps = (x->inheritable ^ y->inheritable) | (x->permitted ^ y->permitted) | (x->effective ^ y->effective);
    return differ(uids, UIDS) | differ(gids, GIDS) | differ(caps, CAPABILITIES) |
           differ(x->bounding ^ y->bounding, BOUNDING) | differ(x->ambient ^ y->ambient, AMBIENT) |
           differ(x->securebits ^ y->securebits, SECUREBITS) | differ(a->groups ^ b->groups, GROUPS);
}

static __always_inline u32 changed_spaces(struct spaces *x, struct spaces *y)
{
    return differ(x->mnt ^ y->mnt, NEWNS) | differ(x->uts ^ y->uts, NEWUTS) | differ(x->ipc ^ y->ipc, NEWIPC) |
           differ(x->pid ^ y->pid, NEWPID) | differ(x->net ^ y->net, NEWNET) |
           differ(x->time ^ y->time, NEWTIME) | differ(x->cgroup ^ y->cgroup, NEWCGROUP) |
           differ(x->user ^ y->user, NEWUSER);
}

static __always_inline void emit_changes(u64 id, u32 call, u32 flags, struct privileges *a, struct privileges *b)
{
    u64 now = bpf_ktime_get_boot_ns();
    u32 creds = changed_creds(a, b), spaces = changed_spaces(&a->spaces, &b->spaces);
    if (creds) {
        struct life *m = life.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_LIFE, CATEGORY_SCHEDULER);
        begin(&m->head, now, id, CRED_CHANGE);
        m->head.args[0] = creds;
        m->head.args[1] = call & ~X32_BIT;
        m->head.flags = flags;
        m->head.uid = b->creds.uid;
        m->head.text_len = m->head.text2_len = sizeof(a->creds);
        __builtin_memcpy(m->data, &a->creds, sizeof(a->creds));
        __builtin_memcpy(m->data + LIFE_DATA / 2, &b->creds, sizeof(b->creds));
        life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    }
    if (spaces) {
        struct life *m = life.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_LIFE, CATEGORY_SCHEDULER);
        begin(&m->head, now, id, NS_CHANGE);
        m->head.args[0] = spaces;
        m->head.args[1] = call & ~X32_BIT;
        m->head.flags = flags;
        m->head.uid = b->creds.uid;
        m->head.text_len = m->head.text2_len = sizeof(a->spaces);
        __builtin_memcpy(m->data, &a->spaces, sizeof(a->spaces));
        __builtin_memcpy(m->data + LIFE_DATA / 2, &b->spaces, sizeof(b->spaces));
        life.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    }
}

int credentials_before(struct bpf_raw_tracepoint_args *ctx)
{
    u64 task = bpf_get_current_task();
    int at = 0;
    struct privileges *now = privileges_now.lookup(&at);
    if (!now) return 0;
    read_privileges((char *)task, now);
    now->flags = entry_flags(TASK(), ctx->args[1]);
    before_call.update(&task, now);
    return 0;
}

int credentials_after(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid(), task = bpf_get_current_task();
    int at = (u32)id & (SLOTS - 1), first = 0;
    struct privileges *before = before_call.lookup(&task), *now = privileges_now.lookup(&first);
    struct slot *slot = slots.lookup(&at);
    u32 code = slot ? slot->code : 0;
    if (before && now) {
        read_privileges((char *)task, now);
        emit_changes(id, code, before->flags, before, now);
        before_call.delete(&task);
    }
    if (code == NR_execve || code == NR_execveat) tails.call(ctx, TAIL_OPENED_PATH);
    return 0;
}

int credentials_of_child(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    char *parent = (char *)bpf_get_current_task(), *child = (char *)ctx->args[1];
    u64 of_parent = 0, of_child = 0, users = 0, users_of_child = 0;
    u32 pid = 0, tid = 0;
    int at = (u32)id & (SLOTS - 1), first = 0, second = 1;
    struct slot *slot = slots.lookup(&at);
    struct privileges *before = privileges_now.lookup(&first), *after = privileges_now.lookup(&second);
    if (!before || !after) return 0;
    READ(pid, child + K_TASK_TGID);
    READ(tid, child + K_TASK_PID);
    if (is_muted((u64)pid << 32 | tid)) return 0;
    READ(of_parent, parent + K_TASK_NSPROXY);
    READ(of_child, child + K_TASK_NSPROXY);
    if (!READ(users, parent + K_TASK_REAL_CRED)) READ(users, users + K_CRED_USER_NS);
    if (!READ(users_of_child, child + K_TASK_REAL_CRED)) READ(users_of_child, users_of_child + K_CRED_USER_NS);
    if (of_parent == of_child && users == users_of_child) return 0;
    read_privileges(parent, before);
    read_privileges(child, after);
    u32 code = slot ? slot->code : 0;
    emit_changes((u64)pid << 32 | tid, code, entry_flags(TASK(), code), before, after);
    return 0;
}
