/* A new program: its names, arguments and environment lie on its fresh stack, where nobody has changed them yet. */

/* Where a record has what; F_SOCKET tells of `exe`, head.data_len is the length of `env`. Most programs fit a record of
 * the lane `exec`, and a stopped recorder finds thousands of them there; `exec_long` is for the others. */
#define EXE_AT 0
#define NAME_AT 64
#define SHORT_ARGV_AT EXEC_SECOND
#define ARGV_AT EXEC_LONG_SECOND
#define ARGV_ROOM TEXT_MAX
#define ENV_AT (ARGV_AT + ARGV_ROOM)
#define ENV_ROOM (EXEC_LONG_DATA - ENV_AT)

#define OVERLAYFS_MAGIC 0x794c7630 /* include/uapi/linux/magic.h */
#define TMPFS_MAGIC 0x01021994
#define E_UPPER 1
#define E_LOWER 2
#define E_MEMFD 4
#define E_UNLINKED 8
#define E_SCRIPT 16
#define E_ENV_TRUNCATED 32
#define E_ENV_UNREADABLE 64

/* What the kernel knows of a program's file; capture/model/program_file.py reads it. Times in ns since 1970. */
struct exe_data {
    u32 flags, links;
    u64 size;
    s64 mtime, ctime;
    u32 uid, gid;
    u32 filesystem, unused;
    char comm[16];
};

static __always_inline s64 time_at(char *seconds, char *rest)
{
    s64 sec = 0;
    u32 ns = 0;
    READ(sec, seconds);
    READ(ns, rest);
    /* Since 6.13 the highest bit tells that somebody has asked (include/linux/fs.h: I_CTIME_QUERIED). */
    return sec * 1000000000LL + (ns & ~(1U << 31));
}

/* A memfd's entry has no folder: it is its own parent. A file that merely is called so has one. */
static __always_inline bool is_memfd(char *file)
{
    char *dentry = 0, *parent = 0, *name = 0;
    char begins[6] = {};
    if (READ(dentry, file + K_FILE_DENTRY) || READ(parent, dentry + K_DENTRY_PARENT) || parent != dentry) return false;
    if (READ(name, dentry + K_DENTRY_NAME) || READ(begins, name)) return false;
    return begins[0] == 'm' && begins[1] == 'e' && begins[2] == 'm' && begins[3] == 'f' && begins[4] == 'd' && begins[5] == ':';
}

/* Overlayfs keeps the inode of the upper layer's entry right behind the one that everybody sees (struct ovl_inode). */
static __always_inline u32 layer_of(char *inode)
{
    char *upper = 0;
    if (READ(upper, inode + K_INODE_SIZE)) return 0;
    return upper ? E_UPPER : E_LOWER;
}

static __always_inline void describe_program(char *file, struct exe_data *to)
{
    char *inode = 0, *sb = 0;
    u64 magic = 0;
    if (!file || READ(inode, file + K_FILE_INODE) || !inode) return;
    READ(to->links, inode + K_INODE_LINKS);
    READ(to->size, inode + K_INODE_BYTES);
    READ(to->uid, inode + K_INODE_UID);
    READ(to->gid, inode + K_INODE_GID);
    to->mtime = time_at(inode + K_INODE_MTIME_SEC, inode + K_INODE_MTIME_NSEC);
    to->ctime = time_at(inode + K_INODE_CTIME_SEC, inode + K_INODE_CTIME_NSEC);
    if (!READ(sb, inode + K_INODE_SB) && sb) READ(magic, sb + K_SB_MAGIC);
    to->filesystem = magic;
    if (!to->links) to->flags |= E_UNLINKED;
    if (magic == OVERLAYFS_MAGIC) to->flags |= layer_of(inode);
    else if (magic == TMPFS_MAGIC && is_memfd(file)) to->flags |= E_MEMFD;
}

/* Whether the kernel runs an interpreter in place of the file given: it then has another name for it. */
static __always_inline u32 is_script(char *bprm)
{
    u64 given = 0, run = 0;
    if (READ(given, bprm + K_BPRM_FILENAME) || READ(run, bprm + K_BPRM_INTERP)) return 0;
    return given != run;
}

/* The new program's stack, as the kernel has laid it. */
struct stack { u64 argv, argv_end, env, name; };

/* The file name given to exec, which the kernel puts just above the environment. False: it is longer than its room. */
static __always_inline bool copy_name(struct head *h, char *to, u64 room, struct stack *stack)
{
    long n = bpf_probe_read_user_str(to, room, (void *)stack->name);
    if (n > 0) h->text_len = n;
    else h->flags |= F_UNREADABLE;
    if (n == room) h->flags |= F_TEXT_TRUNCATED;
    return n != room;
}

static __always_inline void copy_argv(struct head *h, char *to, u64 room, struct stack *stack)
{
    u64 size = stack->argv_end - stack->argv;
    if (size > room) h->flags |= F_TEXT_TRUNCATED;
    size = at_most(size, room);
    if (!bpf_probe_read_user(to, size, (void *)stack->argv)) h->text2_len = size;
    else h->flags |= F_UNREADABLE;
}

static __always_inline void copy_environment(struct head *h, char *to, struct exe_data *exe, struct stack *stack)
{
#if ENVIRONMENT
    u64 size = stack->name - stack->env;
    if (size > ENV_ROOM) exe->flags |= E_ENV_TRUNCATED;
    size = at_most(size, ENV_ROOM);
    if (!bpf_probe_read_user(to, size, (void *)stack->env)) h->data_len = size;
    else exe->flags |= E_ENV_UNREADABLE;
#endif
}

/* A record of either lane: all that takes no more room in a long one. */
static __always_inline void put_program(struct head *h, char *data, struct exe_data *exe, struct slot *slot, char *file)
{
    put_thing(h, &slot->thing);
    __builtin_memcpy(data + EXE_AT, exe, sizeof(*exe));
    if (file) h->flags |= F_SOCKET;
}

/* A record of the lane for most programs. False: it has no room, or the program has none in it and `cut` is not set. */
static __always_inline bool emit_short(struct slot *slot, struct head *like, struct exe_data *exe, struct stack *stack,
                                       char *file, bool cut)
{
    struct exec *e = exec.ringbuf_reserve(sizeof(*e));
    if (!e) return false;
    e->head = *like;
    if (!copy_name(&e->head, e->data + NAME_AT, SHORT_ARGV_AT - NAME_AT, stack) && !cut) {
        exec.ringbuf_discard(e, BPF_RB_NO_WAKEUP);
        return false;
    }
    copy_argv(&e->head, e->data + SHORT_ARGV_AT, EXEC_DATA - SHORT_ARGV_AT, stack);
    put_program(&e->head, e->data, exe, slot, file);
    exec.ringbuf_submit(e, BPF_RB_NO_WAKEUP);
    return true;
}

static __always_inline bool emit_long(struct slot *slot, struct head *like, struct exe_data *exe, struct stack *stack,
                                      char *file)
{
    struct exec_long *l = exec_long.ringbuf_reserve(sizeof(*l));
    if (!l) return false;
    l->head = *like;
    copy_name(&l->head, l->data + NAME_AT, ARGV_AT - NAME_AT, stack);
    copy_argv(&l->head, l->data + ARGV_AT, ARGV_ROOM, stack);
    copy_environment(&l->head, l->data + ENV_AT, exe, stack);
    put_program(&l->head, l->data, exe, slot, file);
    exec_long.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
    return true;
}

/* Which lane was full, FITTED if none: what has no room in full is cut off. Of the two records only one is held at a
 * time, for kernels before 6.3 do not see that a record that was found to be there still is. */
static __always_inline int emit_exec(struct slot *slot, u64 now, u64 id, u64 latency, u16 code)
{
    struct exe_data exe = {};
    struct stack stack;
    struct head like;
    char *mm = LOAD(char *, TASK(), K_TASK_MM);
    char *file = LOAD(char *, mm, K_MM_EXE_FILE);
    stack.argv = LOAD(u64, mm, K_MM_ARG_START);
    stack.argv_end = LOAD(u64, mm, K_MM_ARG_END);
    stack.env = LOAD(u64, mm, K_MM_ENV_START);
    stack.name = LOAD(u64, mm, K_MM_ENV_END);
    forget(&slot->thing);
    identify_file(file, &slot->thing);
    describe_program(file, &exe);
    READ(exe.comm, TASK() + K_TASK_COMM);
    if (slot->began & BEGAN_SCRIPT) exe.flags |= E_SCRIPT;
    begin(&like, now, id, code);
    like.latency = latency;

    bool fits = !ENVIRONMENT && stack.argv_end - stack.argv <= EXEC_DATA - SHORT_ARGV_AT;
    if (fits && emit_short(slot, &like, &exe, &stack, file, false)) return FITTED;
    if (emit_long(slot, &like, &exe, &stack, file)) return FITTED;
    if (ENVIRONMENT) exe.flags |= E_ENV_TRUNCATED;
    return emit_short(slot, &like, &exe, &stack, file, true) ? FITTED : LANE_EXEC;
}
