/* What a thread is in the middle of, and its arguments. */

/* What a thread is in the middle of; indexed by the low bits of its tid. */
struct slot {
    u64 start;          /* 0: not in a call */
    u64 regs;           /* after an open has returned: the file that it opened */
    u32 tid;
    u32 code;
    u32 muted;          /* a child of the recorder that has not run its program yet */
    u32 began;          /* the call has begun a program: BEGAN_*, 0 it has not */
    struct ident thing; /* behind the call's descriptor; of close(): what it is about to close */
};
#define BEGAN_PROGRAM 1
#define BEGAN_SCRIPT 2  /* that is a script's interpreter */
BPF_F_TABLE("array", int, struct slot, slots, SLOTS, MMAPABLE);

/* The recorder is in no event, nor is a child of its own that does not run its program yet. */
static __always_inline bool is_muted(u64 id)
{
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    return (id >> 32) == SELF || !slot || slot->muted == (u32)id;
}

/* The part of pt_regs (x86_64) that holds arguments. */
#define REGS_AT 56
#define BP_AT 32 /* and bx behind it */
struct regs { u64 r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax; };

/* The registers with which the current thread entered its call. */
static __always_inline void take_registers(struct regs *to, u64 regs)
{
#if TYPED
    char *from = (char *)bpf_task_pt_regs((void *)TASK());
#define REGISTER(name) to->name = LOAD(u64, from, REGS_AT + __builtin_offsetof(struct regs, name))
    REGISTER(rdi);
    REGISTER(rsi);
    REGISTER(rdx);
    REGISTER(r10);
    REGISTER(r8);
    REGISTER(r9);
    REGISTER(orig_rax);
#else
    READ(*to, regs + REGS_AT);
#endif
}

/* The same by the 32-bit entry. */
static __always_inline void take_compat_registers(struct regs *to, u64 regs)
{
    struct { u64 bp, bx; } low = {};
    struct regs r = {};
    READ(low, regs + BP_AT);
    READ(r, regs + REGS_AT);
    to->rdi = (u32)low.bx;
    to->rsi = (u32)r.rcx;
    to->rdx = (u32)r.rdx;
    to->r10 = (u32)r.rsi;
    to->r8 = (u32)r.rdi;
    to->r9 = (u32)low.bp;
}

static __always_inline void put_arguments(struct head *h, struct regs *r)
{
    h->args[0] = r->rdi;
    h->args[1] = r->rsi;
    h->args[2] = r->rdx;
    h->args[3] = r->r10;
    h->args[4] = r->r8;
    h->args[5] = r->r9;
}

/* An argument that a plan names; 0 where it names none. */
static __always_inline u64 argument(struct head *h, u64 at)
{
    asm volatile("" : "+r"(at));
    return at < 6 ? h->args[at] : 0;
}

#if defined(V1_HIERARCHY) && defined(K_CGROUP_KN)
#define TELLS_V1_CGROUP 1
#define TREE_SHIFT 56 /* ids repeat from hierarchy to hierarchy: capture/agent/hierarchies.py */

/* By what the recorder's tables know the current thread's cgroup in the tree of v1 that is used. */
static __always_inline u64 v1_cgroup(void)
{
    char *set = 0, *subsystem = 0, *own = 0, *kn = 0;
    u64 cgroup = 0;
    if (READ(set, TASK() + K_TASK_CGROUPS) || READ(subsystem, set + K_CSS_SET_SUBSYS + 8 * V1_SUBSYSTEM)) return 0;
    if (READ(own, subsystem + K_SUBSYS_CGROUP) || READ(kn, own + K_CGROUP_KN) || READ(cgroup, kn + K_KN_ID)) return 0;
    return cgroup | (u64)V1_HIERARCHY << TREE_SHIFT;
}
#endif

/* By which entry a call came. The code segment does not tell: 64-bit programs can use int 0x80 too. */
static __always_inline u16 entry_flags(u32 code)
{
    if (LOAD(u32, TASK(), K_TASK_STATUS) & TS_COMPAT) return F_COMPAT;
    return code & X32_BIT ? F_X32 : 0;
}
