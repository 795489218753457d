"""Calls on the clock and on the whole machine, and numbers that no kernel serves."""

# ruff: noqa: E501 - one row a line, however long

SYSTEM_CALLS = """
# Time
35   101  nanosleep           sleep     zero   req:pointer rem:pointer
230  115  clock_nanosleep     sleep     zero   clockid:enum=clock_id flags:flags=timer_flags request:pointer remain:pointer
228  113  clock_gettime       time      zero   clockid:enum=clock_id tp:pointer
227  112  clock_settime       time      zero   clockid:enum=clock_id tp:pointer
229  114  clock_getres        time      zero   clockid:enum=clock_id res:pointer
305  266  clock_adjtime       time      int    clockid:enum=clock_id buf:pointer
159  171  adjtimex            time      int    buf:pointer
96   169  gettimeofday        time      zero   tv:pointer tz:pointer
164  170  settimeofday        time      zero   tv:pointer tz:pointer
201  -    time                time      int    tloc:pointer
100  153  times               time      int    buf:pointer
37   -    alarm               time      int    seconds:uint
36   102  getitimer           time      zero   which:enum=itimer_which curr_value:pointer
38   103  setitimer           time      zero   which:enum=itimer_which new_value:pointer old_value:pointer
222  107  timer_create        time      zero   clockid:enum=clock_id sevp:pointer timerid:pointer
223  110  timer_settime       time      zero   timerid:int flags:flags=timer_flags new_value:pointer old_value:pointer
224  108  timer_gettime       time      zero   timerid:int curr_value:pointer
225  109  timer_getoverrun    time      int    timerid:int
226  111  timer_delete        time      zero   timerid:int

# The machine
63   160  uname               system    zero   buf:pointer
99   179  sysinfo             system    zero   info:pointer
170  161  sethostname         system    zero   name:buffer_in len:size
171  162  setdomainname       system    zero   name:buffer_in len:size
169  142  reboot              system    int    magic1:hex magic2:hex cmd:enum=reboot_cmd arg:pointer
103  116  syslog              system    int    type:enum=syslog_action buf:pointer len:int
318  278  getrandom           system    size   buf:buffer_out buflen:size flags:flags=getrandom_flags
163  89   acct                system    zero   path
153  58   vhangup             system    zero
172  -    iopl                system    zero   level:uint
173  -    ioperm              system    zero   from:ulong num:ulong turn_on:int
219  128  restart_syscall     system    int

# Code in the kernel
175  105  init_module         system    zero   module_image:buffer_in len:size param_values:string
313  273  finit_module        system    zero   fd param_values:string flags:flags=module_init_flags
176  106  delete_module       system    zero   name:string flags:flags=delete_module_flags
246  104  kexec_load          system    zero   entry:pointer nr_segments:ulong segments:pointer flags:flags=kexec_flags
320  294  kexec_file_load     system    zero   kernel_fd:fd initrd_fd:fd cmdline_len:size cmdline:string flags:flags=kexec_file_flags
321  280  bpf                 system    int    cmd:enum=bpf_cmd attr:pointer size
298  241  perf_event_open     system    fd     attr:pointer pid cpu:int group_fd:fd flags:flags=perf_flags

# Gone from the kernel, or never there; a program may still try them
156  -    _sysctl             system    zero   args:pointer
174  -    create_module       system    int    name:string size
177  -    get_kernel_syms     system    int    table:pointer
178  -    query_module        system    int    name:string which:int buf:pointer bufsize:size ret:pointer
180  42   nfsservctl          system    int    cmd:int argp:pointer resp:pointer
181  -    getpmsg             other     int
182  -    putpmsg             other     int
183  -    afs_syscall         other     int
184  -    tuxcall             other     int
185  -    security            other     int
212  18   lookup_dcookie      file      size   cookie:hex buf:buffer_out len:size
236  -    vserver             other     int
"""
