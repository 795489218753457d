/* What rare calls point to that is no structure: names of keys and file systems; and the content of messages,
 * keys and mount options, which is payload. */

#define FIXED_MAX 64

enum { KEY_JOIN = 1, KEY_UPDATE = 2, KEY_DESCRIBE = 6, KEY_SEARCH = 10, KEY_READ = 11, KEY_INSTANTIATE = 12 };
enum { SET_STRING = 1, SET_BINARY, SET_PATH, SET_PATH_EMPTY }; /* enum fsconfig_command */
enum { IPC_SET = 1, IPC_STAT, IPC_64 = 0x100 };

static __always_inline u64 width_of_long(struct head *h)
{
    return h->flags & F_COMPAT ? 4 : 8;
}

/* Whether msgctl, semctl or shmctl gives or takes a whole description, which begins with owner and mode. */
static __always_inline bool tells_permissions(u32 command, s64 ret)
{
    command &= ~IPC_64;
    return command == IPC_SET || (command == IPC_STAT && ret >= 0);
}

/* A text in the place of an address. */
static __always_inline void copy_name_behind(struct target *t, u64 from)
{
    if (!from || !t->segment) return;
    long n = bpf_probe_read_user_str(next_place(t, ADDR_MAX), ADDR_MAX, (void *)from);
    if (n < 0) t->head->flags |= F_UNREADABLE;
    else t->head->addr_len = n;
}

/* The names that some operations on keys are given. */
static __always_inline void copy_key_names(struct target *t)
{
    struct head *h = t->head;
    u32 operation = h->args[0];
    if (operation == KEY_JOIN) h->text_len = copy_text(t, h->args[1]);
    if (operation != KEY_SEARCH) return;
    h->text_len = copy_text(t, h->args[2]);
    h->text2_len = copy_text(t, h->args[3]);
}

/* Payload that ends where its text does. */
static __always_inline void copy_text_payload(struct target *t, u64 data)
{
    u64 most = at_most(t->most, SNAPLEN);
    long n = most ? bpf_probe_read_user_str(next_place(t, SNAPLEN), most, (void *)data) : 0;
    if (n == most) t->head->flags |= F_DATA_TRUNCATED;
    if (n < 0) t->head->flags |= F_UNREADABLE;
    if (n <= 1) return;
    t->head->data_len = n - 1;
    keep(t, n);
}

/* Where the content lies; its size is 0 for a text. */
static __always_inline u64 content_of(struct head *h, struct plan *plan, u64 *size)
{
    u32 what = h->args[plan->structure == OF_FSCONFIG];
    *size = 0;
    if (plan->structure == OF_MOUNT) return h->args[4];
    if (plan->structure == OF_FSCONFIG) {
        if (what == SET_BINARY) *size = h->args[4];
        return what >= SET_STRING && what <= SET_PATH_EMPTY ? h->args[3] : 0;
    }
    if (plan->structure == OF_MESSAGE) {
        *size = plan->size_from_ret ? h->ret : h->args[2];
        return h->args[1] && (s64)*size > 0 ? h->args[1] + width_of_long(h) : 0;
    }
    if (what == KEY_UPDATE || what == KEY_INSTANTIATE) *size = h->args[3];
    if ((what == KEY_DESCRIBE || what == KEY_READ) && h->ret > 0) *size = h->ret < h->args[3] ? h->ret : h->args[3];
    return *size ? h->args[2] : 0;
}

static __always_inline void copy_content(struct target *t, struct plan *plan)
{
    int first = 0;
    u64 size = 0, data = content_of(t->head, plan, &size);
    struct control *control = controls.lookup(&first);
    if (!SNAPLEN || !data) return;
    t->most = payload_limit(t->head, plan, data, 0);
    if (!t->segment || (control && control->level != ALL_IS_KEPT)) {
        t->head->flags |= F_DATA_TRUNCATED;
        count_lost(NO_PAYLOAD, plan->category);
    } else if (size) copy_payload(t, data, size);
    else copy_text_payload(t, data);
}
