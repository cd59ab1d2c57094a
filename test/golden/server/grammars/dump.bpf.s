# SYNTAX TEST "source.bpf-assembly" "dumps of llvm-objdump and bpftool"
Disassembly of section fentry/vfs_read:
#^^^^^^^^^^^^^^^^^^^^^ keyword.other.section.bpf
#                      ^^^^^^^^^^^^^^^ entity.name.section.bpf
0000000000000000 <on_read>:
#^^^^^^^^^^^^^^^ constant.numeric.address.bpf
#                 ^^^^^^^ entity.name.function.bpf
; return seen ? mode : 0;
#^^^^^^^^^^ comment.line.source.bpf
       3:  55 02 0d 00 00 00 00 00  if r2 != 0 goto +13 <LBB0_3>
#      ^ entity.name.label.instruction.bpf
#          ^^^^^^^^^^^^^^^^^^^^^^^ constant.numeric.opcode.bpf
#                                   ^^ keyword.control.flow.bpf
#                                      ^^ variable.language.register.bpf
#                                              ^^^^ keyword.control.flow.bpf
#                                                        ^^^^^^ entity.name.label.bpf
   4: (79) r1 = *(u64 *)(r1 +128)
#     ^^^^ constant.numeric.opcode.bpf
#          ^^ variable.language.register.bpf
#                 ^^^ storage.type.width.bpf
   5: (85) call bpf_ktime_get_ns#5
#          ^^^^ keyword.control.call.bpf
#               ^^^^^^^^^^^^^^^^ support.function.helper.bpf
#                               ^^ constant.numeric.helper.bpf
int on_read(unsigned long long * ctx):
#^^ storage.type.bpf
#   ^^^^^^^ entity.name.function.bpf
   9: (95) exit
#          ^^^^ keyword.control.flow.bpf
