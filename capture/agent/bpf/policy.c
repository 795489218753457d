/* How much of a call's payload is kept (capture/agent/payload_policy.py): the first rule that holds decides.
 *
 * A rule's word is its place among the rules << 17 | bytes: the smallest word wins. Ports, cgroups and files are
 * looked up only where there are such rules. A file gets its word when it is opened: by the path that was given, or by
 * the folders that it is really in.
 */

#define NO_RULE (~0ULL)
#define RULE_BYTES(word) ((word) & 0x1ffff)

#if PORT_RULES
BPF_ARRAY(payload_ports, u64, 65536); /* 0: no rule */

static __always_inline u64 rule_of_port(u32 port)
{
    int at = port & 0xffff;
    u64 *word = payload_ports.lookup(&at);
    return word && *word ? *word : NO_RULE;
}

static __always_inline u64 smaller(u64 a, u64 b)
{
    return a < b ? a : b;
}

static __always_inline u64 rule_of_address(u64 addr)
{
    struct { u16 family, port; } told = {};
    if (!addr || bpf_probe_read_user(&told, sizeof(told), (void *)addr)) return NO_RULE;
    return told.family == 2 || told.family == 10 ? rule_of_port(__builtin_bswap16(told.port)) : NO_RULE;
}

static __always_inline u64 rule_of_socket(u64 socket)
{
    u64 sk = 0;
    u16 family = 0, local = 0, peer = 0;
    if (!socket || READ(sk, socket + K_SOCKET_SK) || !sk || READ(family, sk + K_SOCK_FAMILY)) return NO_RULE;
    if (family != 2 && family != 10) return NO_RULE;
    READ(local, sk + K_SOCK_NUM);
    READ(peer, sk + K_SOCK_DPORT);
    return smaller(rule_of_port(local), rule_of_port(__builtin_bswap16(peer)));
}
#endif

#if CONTAINER_RULES
/* A cgroup's word, with a mark where it is of no container; absent: of none, and no rule holds. */
#define OF_HOST (1ULL << 63)
BPF_HASH(payload_cgroups, u64, u64, 16384);

static __always_inline u64 word_of_cgroup(u64 cgroup)
{
    u64 *word = payload_cgroups.lookup(&cgroup);
    return word ? *word : NO_RULE;
}

/* Where a container shows in one hierarchy, another that knows of none has no say. */
static __always_inline u64 rule_of_container(u64 cgroup)
{
    u64 word = word_of_cgroup(cgroup);
#if TELLS_V1_CGROUP
    u64 other = word_of_cgroup(v1_cgroup());
    if (word & OF_HOST ? !(other & OF_HOST) || other < word : !(other & OF_HOST) && other < word) word = other;
#endif
    word &= ~OF_HOST;
    return word == (NO_RULE & ~OF_HOST) ? NO_RULE : word;
}
#endif

#if PATH_RULES
#define PREFIX_WORDS 16
#define FOLDERS 24
struct prefix { u64 words[PREFIX_WORDS], masks[PREFIX_WORDS], word; };
struct marked { u64 ino, dev, word; };
struct folder { u64 ino, dev; };
BPF_F_TABLE("array", int, struct prefix, payload_prefixes, PATH_RULES, 1 << 10 /* BPF_F_MMAPABLE */);
BPF_F_TABLE("array", int, struct marked, payload_files, 1 << 16, 1 << 10);
BPF_HASH(payload_folders, struct folder, u64, 64);

static __always_inline struct marked *mark_of(u64 ino, u32 dev)
{
    int at = (ino ^ ino >> 16 ^ dev) & 0xffff;
    return payload_files.lookup(&at);
}

static __always_inline u64 rule_of_file(u64 ino, u32 dev)
{
    struct marked *mark = mark_of(ino, dev);
    return mark && mark->ino == ino && mark->dev == dev && mark->word ? mark->word : NO_RULE;
}

static __always_inline u64 rule_of_given_path(u64 path)
{
    u64 text[PREFIX_WORDS] = {};
    if (!path || bpf_probe_read_user_str(text, sizeof(text), (void *)path) < 0) return NO_RULE;
    #pragma nounroll
    for (int i = 0; i < PATH_RULES; i++) {
        int at = i;
        struct prefix *prefix = payload_prefixes.lookup(&at);
        u64 different = 0;
        if (!prefix) break;
        #pragma unroll
        for (int j = 0; j < PREFIX_WORDS; j++) different |= (text[j] ^ prefix->words[j]) & prefix->masks[j];
        if (!different) return prefix->word; /* they are in order */
    }
    return NO_RULE;
}

/* Up from the file's entry, within its file system. */
static __always_inline u64 rule_of_folders(u64 file)
{
    u64 dentry = 0, above = 0, inode = 0, sb = 0;
    if (!file || READ(dentry, file + K_FILE_DENTRY)) return NO_RULE;
    #pragma nounroll
    for (int i = 0; i < FOLDERS; i++) {
        struct folder folder = {};
        u32 dev = 0;
        if (READ(inode, dentry + K_DENTRY_INODE) || !inode) break;
        READ(folder.ino, inode + K_INODE_INO);
        READ(sb, inode + K_INODE_SB);
        READ(dev, sb + K_SB_DEV);
        folder.dev = dev;
        u64 *word = payload_folders.lookup(&folder);
        if (word) return *word;
        if (READ(above, dentry + K_DENTRY_PARENT) || above == dentry) break;
        dentry = above;
    }
    return NO_RULE;
}

static __always_inline void mark_opened(u64 file, u64 path, u64 ino, u32 dev)
{
    struct marked *mark = mark_of(ino, dev);
    u64 given = rule_of_given_path(path), within = rule_of_folders(file);
    u64 word = given < within ? given : within;
    char first = 0;
    if (!mark) return;
    if (word != NO_RULE) {
        mark->ino = ino;
        mark->dev = dev;
        mark->word = word;
    } else if (mark->ino == ino && mark->dev == dev && path) {
        /* Another file may have got the number of one that is gone. A relative path tells nothing of that. */
        bpf_probe_read_user(&first, 1, (void *)path);
        if (first == '/') mark->word = 0;
    }
}
#endif

/* Payload bytes of a call that may be kept. */
static __always_inline u64 payload_limit(struct head *h, struct plan *plan, u64 data, u64 socket)
{
#if PORT_RULES || CONTAINER_RULES || PATH_RULES
    u64 word = NO_RULE, other = NO_RULE;
    if (plan->data_kind == DATA_PAIR) return SNAPLEN;
#if PORT_RULES
    if (socket) {
        u64 name = plan->addr_kind ? argument(h, plan->addr) : 0;
        if (plan->data_kind >= DATA_MSG_IN) bpf_probe_read_user(&name, sizeof(name), (void *)data);
        if (plan->narrow >= DATA_MSG_IN) bpf_probe_read_user(&name, 4, (void *)data);
        word = smaller(rule_of_socket(socket), rule_of_address(name));
    }
#endif
#if CONTAINER_RULES
    u64 of_container = rule_of_container(h->cgroup);
    if (of_container < word) word = of_container;
#endif
#if PATH_RULES
    if ((h->mode & S_IFMT) == S_IFREG) other = rule_of_file(h->ino, h->dev);
    if (other < word) word = other;
#endif
    return word == NO_RULE ? COMMON_SNAPLEN : RULE_BYTES(word);
#else
    return SNAPLEN;
#endif
}
