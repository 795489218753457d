/* What to copy behind the arguments of each call: filled from the catalogue (capture/agent/plan.py). */

/* What to copy for a call. NONE where there is no such argument. */
struct plan {
    u8 fd;
    u8 dirfd;
    u8 returns_fd;
    u8 text;
    u8 text2;
    u8 addr;
    u8 addr_kind;       /* ADDR_* */
    u8 data;
    u8 data_kind;       /* DATA_* */
    u8 size_from_ret;
    u8 life;            /* tells of process life, which an I/O storm must not push out */
    u8 args;            /* how many it has */
    u8 behind;          /* whether there is a text, an address or payload */
    u8 names;           /* OPENS: makes a descriptor of a path; MOVES: may give files other paths */
    u8 bulk;            /* of high rate: counted where lanes fill up */
    u8 open_flags;      /* those that say whether a file is opened for writing: then it tells of life, too */
    u8 category;
    u8 second_fd;       /* of calls that move bytes between two descriptors */
    u8 structure;       /* OF_*: what an argument points to, and is read by bpf/structures.c */
    u8 pointer;         /* that argument; the next one is its size if there is one */
    u8 narrow;          /* DATA_*, of arrays and messages as 32-bit programs lay them out */
    u8 size;            /* bytes of that structure, or of one of several */
    u8 unused[2];
};
/* For calls of x86_64, then of its 32-bit entry, then of x32; then for what socketcall asks for. */
BPF_ARRAY(plans, struct plan, 3 * PLANS + SOCKETCALLS);
enum { OF_NOTHING, OF_SIZE, OF_CLONE, OF_CAPABILITIES, OF_FCNTL, OF_PRCTL, OF_BPF, OF_SOCKETCALL, OF_NARROW,
       OF_GROUPS, OF_FIXED, OF_NAME, OF_MOUNT, OF_FSCONFIG, OF_KEYCTL, OF_MESSAGE, OF_PERMISSIONS };
enum { ADDR_NONE, ADDR_IN, ADDR_OUT };
enum { DATA_NONE, DATA_IN, DATA_OUT, DATA_IOV_IN, DATA_IOV_OUT, DATA_MSG_IN, DATA_MSG_OUT, DATA_PAIR,
       DATA_MMSG_IN, DATA_MMSG_OUT };
enum { OPENS = 1, MOVES };

static __always_inline struct plan *plan_of(u32 code, u16 flags)
{
    int key = code & ~X32_BIT;
    if (key < 0 || key >= PLANS) return 0;
    if (flags & F_COMPAT) key += PLANS;
    else if (flags & F_X32) key += 2 * PLANS;
    return plans.lookup(&key);
}
