"""Calls on the clock and on the whole machine, and numbers that no kernel serves."""

# ruff: noqa: E501 - one row a line, however long

SYSTEM_CALLS = """
# Time
35   101  162  nanosleep           sleep     zero   req:pointer rem:pointer
230  115  267  clock_nanosleep     sleep     zero   clockid:enum=clock_id flags:flags=timer_flags request:pointer remain:pointer
228  113  265  clock_gettime       time      zero   clockid:enum=clock_id tp:pointer
227  112  264  clock_settime       time      zero   clockid:enum=clock_id tp:pointer
229  114  266  clock_getres        time      zero   clockid:enum=clock_id res:pointer
305  266  343  clock_adjtime       time      int=clock_state    clockid:enum=clock_id buf:pointer
159  171  124  adjtimex            time      int=clock_state    buf:pointer
96   169  78   gettimeofday        time      zero   tv:pointer tz:pointer
164  170  79   settimeofday        time      zero   tv:pointer tz:pointer
201  -    13   time                time      int    tloc:pointer
100  153  43   times               time      int    buf:pointer
37   -    27   alarm               time      int    seconds:uint
36   102  105  getitimer           time      zero   which:enum=itimer_which curr_value:pointer
38   103  104  setitimer           time      zero   which:enum=itimer_which new_value:pointer old_value:pointer
222  107  259  timer_create        time      zero   clockid:enum=clock_id sevp:pointer timerid:pointer
223  110  260  timer_settime       time      zero   timerid:int flags:flags=timer_flags new_value:pointer old_value:pointer
224  108  261  timer_gettime       time      zero   timerid:int curr_value:pointer
225  109  262  timer_getoverrun    time      int    timerid:int
226  111  263  timer_delete        time      zero   timerid:int

# The machine
63   160  122  uname               system    zero   buf:pointer
99   179  116  sysinfo             system    zero   info:pointer
170  161  74   sethostname         system    zero   name:buffer_in len:size
171  162  121  setdomainname       system    zero   name:buffer_in len:size
169  142  88   reboot              system    int    magic1:enum=reboot_magic magic2:enum=reboot_magic cmd:enum=reboot_cmd arg:pointer
103  116  103  syslog              system    int    type:enum=syslog_action buf:pointer len:int
318  278  355  getrandom           system    size   buf:buffer_out buflen:size flags:flags=getrandom_flags
163  89   51   acct                system    zero   path
153  58   111  vhangup             system    zero
172  -    110  iopl                system    zero   level:uint
173  -    101  ioperm              system    zero   from:ulong num:ulong turn_on:int
219  128  0    restart_syscall     system    int

# Code in the kernel
175  105  128  init_module         system    zero   module_image:buffer_in len:size param_values:string
313  273  350  finit_module        system    zero   fd param_values:string flags:flags=module_init_flags
176  106  129  delete_module       system    zero   name:string flags:flags=delete_module_flags
246  104  283  kexec_load          system    zero   entry:pointer nr_segments:ulong segments:pointer flags:flags=kexec_flags
320  294  -    kexec_file_load     system    zero   kernel_fd:fd initrd_fd:fd cmdline_len:size cmdline:string flags:flags=kexec_file_flags
321  280  357  bpf                 system    int    cmd:enum=bpf_cmd attr:struct=bpf_attr size
298  241  336  perf_event_open     system    fd     attr:struct=perf_event_attr pid cpu:int group_fd:fd flags:flags=perf_flags

# Gone from the kernel, or never there; a program may still try them
156  -    149  _sysctl             system    zero   args:pointer
174  -    127  create_module       system    int    name:string size
177  -    130  get_kernel_syms     system    int    table:pointer
178  -    167  query_module        system    int    name:string which:int buf:pointer bufsize:size ret:pointer
180  42   169  nfsservctl          system    int    cmd:int argp:pointer resp:pointer
181  -    188  getpmsg             other     int
182  -    189  putpmsg             other     int
183  -    137  afs_syscall         other     int
184  -    -    tuxcall             other     int
185  -    -    security            other     int
212  18   253  lookup_dcookie      file      size   cookie:hex buf:buffer_out len:size
236  -    273  vserver             other     int
"""
