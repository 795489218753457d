/* A new program: its names, arguments and environment lie on its fresh stack, where nobody has changed them yet. */

/* Where a record of the lane `exec` has what; F_SOCKET tells of `exe`, head.data_len is the length of `env`. */
#define EXE_AT 0
#define NAME_AT 64
#define NAME_ROOM (ARGV_AT - NAME_AT)
#define ARGV_AT 4096
#define ARGV_ROOM 4096
#define ENV_AT (ARGV_AT + ARGV_ROOM)
#define ENV_ROOM (EXEC_DATA - ENV_AT)

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

static __always_inline void copy_environment(struct head *h, char *data, struct exe_data *exe, u64 start, u64 end)
{
#if EXEC_DATA > 8192
    u64 size = end - start;
    if (size > ENV_ROOM) exe->flags |= E_ENV_TRUNCATED;
    size = at_most(size, ENV_ROOM);
    if (!bpf_probe_read_user(data + ENV_AT, size, (void *)start)) h->data_len = size;
    else exe->flags |= E_ENV_UNREADABLE;
#endif
}

/* Which lane was full, FITTED if none. */
static __always_inline int emit_exec(struct slot *slot, u64 now, u64 id, u64 latency, u16 code)
{
    struct exe_data exe = {};
    struct exec *e = exec.ringbuf_reserve(sizeof(*e));
    if (!e) return LANE_EXEC;
    char *mm = LOAD(char *, TASK(), K_TASK_MM);
    u64 start = LOAD(u64, mm, K_MM_ARG_START), end = LOAD(u64, mm, K_MM_ARG_END);
    u64 env = LOAD(u64, mm, K_MM_ENV_START), name = LOAD(u64, mm, K_MM_ENV_END);
    char *file = LOAD(char *, mm, K_MM_EXE_FILE);
    begin(&e->head, now, id, code);
    e->head.latency = latency;
    forget(&slot->thing);
    identify_file(file, &slot->thing);
    put_thing(&e->head, &slot->thing);
    describe_program(file, &exe);
    READ(exe.comm, TASK() + K_TASK_COMM);
    if (slot->began & BEGAN_SCRIPT) exe.flags |= E_SCRIPT;
    /* The kernel puts the file name given to exec just above the environment. */
    long n = bpf_probe_read_user_str(e->data + NAME_AT, NAME_ROOM, (void *)name);
    if (n > 0) e->head.text_len = n;
    else e->head.flags |= F_UNREADABLE;
    if (n == NAME_ROOM) e->head.flags |= F_TEXT_TRUNCATED;
    u64 size = end - start;
    if (size > ARGV_ROOM) e->head.flags |= F_TEXT_TRUNCATED;
    size = at_most(size, ARGV_ROOM);
    if (!bpf_probe_read_user(e->data + ARGV_AT, size, (void *)start)) e->head.text2_len = size;
    else e->head.flags |= F_UNREADABLE;
    copy_environment(&e->head, e->data, &exe, env, name);
    __builtin_memcpy(e->data + EXE_AT, &exe, sizeof(exe));
    if (file) e->head.flags |= F_SOCKET;
    exec.ringbuf_submit(e, BPF_RB_NO_WAKEUP);
    return FITTED;
}
