/* What lies behind a descriptor: the file's identity, the socket's tuple, as the kernel has them. */

struct ident {
    u64 ino;
    u32 dev;
    u16 mode;
    u16 unused;
};

static __always_inline void identify_file(char *file, struct ident *to)
{
    char *inode = 0, *sb = 0;
    if (!file || READ(inode, file + K_FILE_INODE) || !inode) return;
    READ(to->ino, inode + K_INODE_INO);
    READ(to->mode, inode + K_INODE_MODE);
    if (!READ(sb, inode + K_INODE_SB) && sb) READ(to->dev, sb + K_SB_DEV);
}

/* The struct file behind a descriptor of the current thread, 0 none. */
static __always_inline char *file_of(s32 fd)
{
    char *files = 0, *table = 0, *file = 0;
    char **array = 0;
    u32 most = 0;
    char *task = (char *)bpf_get_current_task();
    if (fd < 0 || READ(files, task + K_TASK_FILES) || !files) return 0;
    if (READ(table, files + K_FILES_FDT) || !table) return 0;
    if (READ(most, table + K_FDT_MAX) || (u32)fd >= most) return 0;
    if (READ(array, table + K_FDT_FD) || !array) return 0;
    READ(file, array + fd);
    return file;
}

struct sock_data {
    u16 family, type, protocol;
    u8 state, unused;
    u16 lport, rport;
    u32 unused2;
    u8 laddr[16], raddr[16];
};

/* The socket's tuple as the kernel has it; nothing is written when it cannot be read. */
static __always_inline u16 describe_socket(char *file, struct sock_data *to)
{
    char *socket = 0, *sk = 0;
    struct { u8 bytes[K_SOCK_SPAN]; } common;
    if (READ(socket, file + K_FILE_PRIVATE) || !socket) return 0;
    if (READ(sk, socket + K_SOCKET_SK) || !sk) return 0;
    if (READ(common, sk)) return 0;
    __builtin_memset(to, 0, sizeof(*to));
    to->family = *(u16 *)(common.bytes + K_SOCK_FAMILY);
    to->state = *(u8 *)(common.bytes + K_SOCK_STATE);
    READ(to->type, sk + K_SOCK_TYPE);
    READ(to->protocol, sk + K_SOCK_PROTOCOL);
    if (to->family == 2) {
        to->lport = *(u16 *)(common.bytes + K_SOCK_NUM);
        to->rport = __builtin_bswap16(*(u16 *)(common.bytes + K_SOCK_DPORT));
        *(u32 *)to->laddr = *(u32 *)(common.bytes + K_SOCK_RCV_SADDR);
        *(u32 *)to->raddr = *(u32 *)(common.bytes + K_SOCK_DADDR);
    } else if (to->family == 10) {
        to->lport = *(u16 *)(common.bytes + K_SOCK_NUM);
        to->rport = __builtin_bswap16(*(u16 *)(common.bytes + K_SOCK_DPORT));
        __builtin_memcpy(to->laddr, common.bytes + K_SOCK_V6_RCV_SADDR, 16);
        __builtin_memcpy(to->raddr, common.bytes + K_SOCK_V6_DADDR, 16);
    }
    return sizeof(*to);
}
