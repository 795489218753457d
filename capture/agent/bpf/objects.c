/* What lies behind a descriptor: the file's identity, the socket's tuple, as the kernel has them. */

struct ident {
    u64 ino;
    u32 dev;
    u16 mode;
    u16 unused;
};

static __always_inline void put_thing(struct head *h, struct ident *thing)
{
    h->ino = thing->ino;
    h->dev = thing->dev;
    h->mode = thing->mode;
}

static __always_inline void forget(struct ident *thing)
{
    thing->ino = 0;
    thing->dev = 0;
    thing->mode = 0;
}

#define FILE_AT(n) case n: return LOAD(char *, files, K_FILES_ARRAY + 8 * (n));
#define FOUR_AT(n) FILE_AT(n) FILE_AT((n) + 1) FILE_AT((n) + 2) FILE_AT((n) + 3)
#define SIXTEEN_AT(n) FOUR_AT(n) FOUR_AT((n) + 4) FOUR_AT((n) + 8) FOUR_AT((n) + 12)

/* The struct file at a place of the table that every process begins with: a type's member needs a fixed offset. */
static __always_inline char *near_file(char *files, u32 fd)
{
    /* Another value to the verifier: else it would follow all that comes later once for each descriptor. */
    asm volatile("%0 ^= 0" : "+r"(fd));
    switch (fd) {
    SIXTEEN_AT(0) SIXTEEN_AT(16) SIXTEEN_AT(32) SIXTEEN_AT(48)
    }
    return 0;
}

/* Identity of a file whose type the verifier knows; what a socket's file leads to is returned. */
static __always_inline u64 identify_file(char *file, struct ident *to)
{
    if (!file) return 0;
    char *inode = LOAD(char *, file, K_FILE_INODE);
    char *sb = LOAD(char *, inode, K_INODE_SB);
    to->ino = LOAD(u64, inode, K_INODE_INO);
    to->mode = LOAD(u16, inode, K_INODE_MODE);
    to->dev = LOAD(u32, sb, K_SB_DEV);
    return (to->mode & S_IFMT) == S_IFSOCK ? LOAD(u64, file, K_FILE_PRIVATE) : 0;
}

/* The same for a file that is nothing but an address. */
static __always_inline u64 identify_far_file(u64 file, struct ident *to)
{
#if TYPED >= 2
    return file ? identify_file(AS(FILE, file), to) : 0;
#else
    u64 inode = 0, private = 0;
    struct { u8 bytes[K_INODE_SPAN]; } node;
    if (!file || READ(inode, file + K_FILE_INODE) || !inode || READ(node, inode)) return 0;
    to->ino = *(u64 *)(node.bytes + K_INODE_INO);
    to->mode = *(u16 *)(node.bytes + K_INODE_MODE);
    READ(to->dev, *(u64 *)(node.bytes + K_INODE_SB) + K_SB_DEV);
    if ((to->mode & S_IFMT) == S_IFSOCK) READ(private, file + K_FILE_PRIVATE);
    return private;
#endif
}

/* What lies behind a descriptor of the current thread; the struct socket is returned, 0 for what is none. */
static __always_inline u64 identify_fd(char *task, s32 fd, struct ident *to)
{
    forget(to);
    if (fd < 0) return 0;
    char *files = LOAD(char *, task, K_TASK_FILES);
    char *table = LOAD(char *, files, K_FILES_FDT);
    if ((u32)fd >= LOAD(u32, table, K_FDT_MAX)) return 0;
    u64 array = LOAD(u64, table, K_FDT_FD);
#if TYPED == 1
    u64 own = (u64)files + K_FILES_ARRAY;
    asm volatile("" : "+r"(own)); /* a difference of pointers would be refused */
    if (array == own) return identify_file(near_file(files, fd), to);
#endif
    return identify_far_file(WORD(array + 8 * (u64)fd), to);
}

/* The struct file behind a descriptor of the current thread, as an address; 0 none. */
static __always_inline u64 file_of(s32 fd)
{
    char *files = LOAD(char *, TASK(), K_TASK_FILES);
    char *table = LOAD(char *, files, K_FILES_FDT);
    if (fd < 0 || (u32)fd >= LOAD(u32, table, K_FDT_MAX)) return 0;
    return WORD(LOAD(u64, table, K_FDT_FD) + 8 * (u64)fd);
}

struct sock_data {
    u16 family, type, protocol;
    u8 state, unused;
    u16 lport, rport;
    u32 unused2;
    u8 laddr[16], raddr[16];
};

/* What is read of a socket and its sock, each in one go where a member is not one instruction. */
#if TYPED >= 2
#define SOCKET_HAS(type, member) LOAD(type, top, member)
#define SOCK_HAS(type, member) LOAD(type, sk, member)
#else
#define SOCKET_HAS(type, member) (*(type *)(top.bytes + (member)))
#define SOCK_HAS(type, member) (*(type *)(common.bytes + (member)))
#endif

static __always_inline void copy_ipv6(u8 *to, u64 low, u64 high)
{
    ((u64 *)to)[0] = low;
    ((u64 *)to)[1] = high;
}

/* The socket's tuple as the kernel has it; nothing is written when it cannot be read. */
static __always_inline u16 describe_socket(u64 socket, struct sock_data *to)
{
#if TYPED >= 2
    char *top = AS(SOCKET, socket), *sk = LOAD(char *, top, K_SOCKET_SK);
    if (!sk) return 0;
#else
    u64 sk = 0;
    struct { u8 bytes[K_SOCKET_SPAN]; } top;
    struct { u8 bytes[K_SOCK_SPAN]; } common;
    if (READ(top, socket)) return 0;
    sk = SOCKET_HAS(u64, K_SOCKET_SK);
    if (!sk || READ(common, sk)) return 0;
#endif
    __builtin_memset(to, 0, sizeof(*to));
    to->family = SOCK_HAS(u16, K_SOCK_FAMILY);
    to->state = SOCK_HAS(u8, K_SOCK_STATE);
    to->type = SOCKET_HAS(u16, K_SOCKET_TYPE);
    to->protocol = WORD(sk + K_SOCK_PROTOCOL);
    if (to->family != 2 && to->family != 10) return sizeof(*to);
    to->lport = SOCK_HAS(u16, K_SOCK_NUM);
    to->rport = __builtin_bswap16(SOCK_HAS(u16, K_SOCK_DPORT));
    if (to->family == 2) {
        *(u32 *)to->laddr = SOCK_HAS(u32, K_SOCK_RCV_SADDR);
        *(u32 *)to->raddr = SOCK_HAS(u32, K_SOCK_DADDR);
    } else {
        copy_ipv6(to->laddr, SOCK_HAS(u64, K_SOCK_V6_RCV_SADDR), SOCK_HAS(u64, K_SOCK_V6_RCV_SADDR + 8));
        copy_ipv6(to->raddr, SOCK_HAS(u64, K_SOCK_V6_DADDR), SOCK_HAS(u64, K_SOCK_V6_DADDR + 8));
    }
    return sizeof(*to);
}
