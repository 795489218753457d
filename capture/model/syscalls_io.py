"""Calls on descriptors: reading, writing, moving bytes, waiting, and making new descriptors."""

# ruff: noqa: E501 - one row a line, however long

IO_CALLS = """
# Reading and writing
0    63   3    read                io-read   size   fd buf:buffer_out count:size
17   67   180  pread64             io-read   size   fd buf:buffer_out count:size offset
19   65   145  readv               io-read   size   fd iov:iovec_out iovcnt:ulong
295  69   333  preadv              io-read   size   fd iov:iovec_out iovcnt:ulong pos_l:offset pos_h:ulong
327  286  378  preadv2             io-read   size   fd iov:iovec_out iovcnt:ulong pos_l:offset pos_h:ulong flags:flags=rwf_flags
1    64   4    write               io-write  size   fd buf:buffer_in count:size
18   68   181  pwrite64            io-write  size   fd buf:buffer_in count:size offset
20   66   146  writev              io-write  size   fd iov:iovec_in iovcnt:ulong
296  70   334  pwritev             io-write  size   fd iov:iovec_in iovcnt:ulong pos_l:offset pos_h:ulong
328  287  379  pwritev2            io-write  size   fd iov:iovec_in iovcnt:ulong pos_l:offset pos_h:ulong flags:flags=rwf_flags
8    62   19   lseek               file      int    fd offset whence:enum=whence

# Moving bytes between descriptors
40   71   187  sendfile            io-write  size   out_fd:fd in_fd:fd offset:pointer count:size
326  285  377  copy_file_range     io-write  size   fd_in:fd off_in:pointer fd_out:fd off_out:pointer len:size flags:uint
275  76   313  splice              io-other  size   fd_in:fd off_in:pointer fd_out:fd off_out:pointer len:size flags:flags=splice_flags
276  77   315  tee                 io-other  size   fd_in:fd fd_out:fd len:size flags:flags=splice_flags
278  75   316  vmsplice            io-write  size   fd iov:iovec_in nr_segs:ulong flags:flags=splice_flags

# Flushing and advising
74   82   118  fsync               io-other  zero   fd
75   83   148  fdatasync           io-other  zero   fd
162  81   36   sync                io-other  zero
306  267  344  syncfs              io-other  zero   fd
277  84   314  sync_file_range     io-other  zero   fd offset nbytes:offset flags:flags=sync_file_range_flags
187  213  225  readahead           io-other  zero   fd offset count:size
221  223  250  fadvise64           io-other  zero   fd offset len:size advice:enum=fadvise

# Control and duplicates
16   29   54   ioctl               io-other  int    fd request:enum=ioctl arg:hex=ioctl_arg
72   25   55   fcntl               io-other  int=fcntl_result    fd cmd:enum=fcntl_cmd arg:hex=fcntl_arg
32   23   41   dup                 io-other  fd     oldfd:fd
33   -    63   dup2                io-other  fd     oldfd:fd newfd:int
292  24   330  dup3                io-other  fd     oldfd:fd newfd:int flags:flags=cloexec_flag

# Waiting for descriptors
7    -    168  poll                wait      int    fds:pointer nfds:uint timeout:int
271  73   309  ppoll               wait      int    fds:pointer nfds:uint timeout:pointer sigmask:pointer sigsetsize:size
23   -    82   select              wait      int    nfds:int readfds:pointer writefds:pointer exceptfds:pointer timeout:pointer
270  72   308  pselect6            wait      int    nfds:int readfds:pointer writefds:pointer exceptfds:pointer timeout:pointer sigmask:pointer
213  -    254  epoll_create        wait      fd     size:int
291  20   329  epoll_create1       wait      fd     flags:flags=epoll_create_flags
233  21   255  epoll_ctl           wait      zero   epfd:fd op:enum=epoll_op fd event:pointer
232  -    256  epoll_wait          wait      int    epfd:fd events:pointer maxevents:int timeout:int
281  22   319  epoll_pwait         wait      int    epfd:fd events:pointer maxevents:int timeout:int sigmask:pointer sigsetsize:size
441  441  441  epoll_pwait2        wait      int    epfd:fd events:pointer maxevents:int timeout:pointer sigmask:pointer sigsetsize:size
214  -    -    epoll_ctl_old       wait      int    # never implemented
215  -    -    epoll_wait_old      wait      int    # never implemented

# Asynchronous
206  0    245  io_setup            io-other  zero   nr_events:uint ctx_idp:pointer
207  1    246  io_destroy          io-other  zero   ctx_id:hex
208  4    247  io_getevents        io-other  int    ctx_id:hex min_nr:long nr:long events:pointer timeout:pointer
209  2    248  io_submit           io-other  int    ctx_id:hex nr:long iocbpp:pointer
210  3    249  io_cancel           io-other  zero   ctx_id:hex iocb:pointer result:pointer
333  292  385  io_pgetevents       io-other  int    ctx_id:hex min_nr:long nr:long events:pointer timeout:pointer usig:pointer
425  425  425  io_uring_setup      io-other  fd     entries:uint params:struct=io_uring_params
426  426  426  io_uring_enter      io-other  int    fd to_submit:uint min_complete:uint flags:flags=io_uring_enter_flags argp:pointer argsz:size
427  427  427  io_uring_register   io-other  int    fd opcode:enum=io_uring_register_op arg:pointer nr_args:uint

# Pipes and other descriptors without a name
22   -    42   pipe                ipc       zero   pipefd:fd_pair
293  59   331  pipe2               ipc       zero   pipefd:fd_pair flags:flags=pipe_flags
284  -    323  eventfd             ipc       fd     initval:uint
290  19   328  eventfd2            ipc       fd     initval:uint flags:flags=eventfd_flags
282  -    321  signalfd            signal    fd     fd mask:pointer sizemask:size
289  74   327  signalfd4           signal    fd     fd mask:pointer sizemask:size flags:flags=signalfd_flags
283  85   322  timerfd_create      time      fd     clockid:enum=clock_id flags:flags=timerfd_create_flags
286  86   325  timerfd_settime     time      zero   fd flags:flags=timerfd_settime_flags new_value:pointer old_value:pointer
287  87   326  timerfd_gettime     time      zero   fd curr_value:pointer
323  282  374  userfaultfd         memory    fd     flags:flags=userfaultfd_flags
"""
