/* What a thread is in the middle of, and its arguments. */

/* What a thread is in the middle of; indexed by the low bits of its tid. */
struct slot {
    u64 start;          /* 0: not in a call */
    u64 regs;           /* once the call has returned: when that was */
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

/* The registers with which the current thread entered its call: REGISTER reads one of them. Where a member is not one
 * instruction, all are read at once. */
#if TYPED
typedef char *registers;
static __always_inline registers registers_of(char *task, u64 regs)
{
#if TYPED >= 2
    return AS(REGS, regs);
#else
    return (char *)bpf_task_pt_regs((void *)task);
#endif
}
#define REGISTER(from, name) LOAD(u64, from, REGS_AT + __builtin_offsetof(struct regs, name))
#else
typedef struct regs registers;
static __always_inline registers registers_of(char *task, u64 regs)
{
    struct regs r = {};
    READ(r, regs + REGS_AT);
    return r;
}
#define REGISTER(from, name) ((from).name)
#endif

/* All six as a call has them that came by the 32-bit entry. */
static __always_inline void put_compat_arguments(struct head *h, u64 regs)
{
    struct { u64 bp, bx; } low = {};
    struct regs r = {};
    READ(low, regs + BP_AT);
    READ(r, regs + REGS_AT);
    h->args[0] = (u32)low.bx;
    h->args[1] = (u32)r.rcx;
    h->args[2] = (u32)r.rdx;
    h->args[3] = (u32)r.rsi;
    h->args[4] = (u32)r.rdi;
    h->args[5] = (u32)low.bp;
}

/* So many arguments: registers that are none hold whatever they held. */
static __always_inline void put_arguments(struct head *h, registers r, u8 count)
{
    h->args[0] = count > 0 ? REGISTER(r, rdi) : 0;
    h->args[1] = count > 1 ? REGISTER(r, rsi) : 0;
    h->args[2] = count > 2 ? REGISTER(r, rdx) : 0;
    h->args[3] = count > 3 ? REGISTER(r, r10) : 0;
    h->args[4] = count > 4 ? REGISTER(r, r8) : 0;
    h->args[5] = count > 5 ? REGISTER(r, r9) : 0;
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
static __always_inline u16 entry_flags(char *task, u32 code)
{
    if (LOAD(u32, task, K_TASK_STATUS) & TS_COMPAT) return F_COMPAT;
    return code & X32_BIT ? F_X32 : 0;
}
