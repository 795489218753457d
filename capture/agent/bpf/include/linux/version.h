/* RUNNING_KERNEL comes as a -D flag. */
#define LINUX_VERSION_CODE RUNNING_KERNEL
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
