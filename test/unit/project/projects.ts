// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of CMake
/** Small projects in the style of each family, written into a scratch folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type Files = Readonly<Record<string, string>>;

/** Writes the files below a new folder that looks like a checkout; returns the folder. */
export function checkout(parent: string, name: string, files: Files): string {
  const root = path.join(parent, name);
  mkdirSync(path.join(root, '.git'), { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    const full = path.join(root, file.replaceAll('ROOT', root));
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text.replaceAll('ROOT', root));
  }
  return root;
}

/** A program that compiles only with a header of another folder and with LEVEL=3. */
export const PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "level.h"
char LICENSE[] SEC("license") = "GPL";
SEC("raw_tp/x")
int handle(void *ctx)
{
	struct inner kept = { .value = the_level };
	return kept.value;
}
`;

export const HEADER = `#if LEVEL != 3
#error LEVEL is not 3
#endif
enum { the_level = LEVEL };
`;

/** The same as libbpf-bootstrap's, libbpf-tools', and many others' makefiles: variables, a shell for the architecture, a message macro. */
const BOOTSTRAP = `OUTPUT := .output
CLANG ?= clang
ARCH ?= $(shell uname -m | sed 's/x86_64/x86/' | sed 's/aarch64/arm64/')
INCLUDES := -I$(OUTPUT) -I../include/$(ARCH) -I$(shell pwd)/common
CLANG_BPF_SYS_INCLUDES ?= $(shell $(CLANG) -v -E - </dev/null 2>&1 | sed -n '/<...> search starts here:/,/End of search list./{ s| \\(/.*\\)|-idirafter \\1|p }')
APPS = one two
ifeq ($(V),1)
	Q =
	msg =
else
	Q = @
	msg = @printf '  %-8s %s\\n' "$(1)" "$(2)";
endif
define allow-override
  $(if $(or $(findstring environment,$(origin $(1))),$(findstring command line,$(origin $(1)))),,$(eval $(1) = $(2)))
endef
$(call allow-override,CC,$(CROSS_COMPILE)cc)
.PHONY: all
all: $(APPS)
$(OUTPUT) $(OUTPUT)/libbpf:
	$(call msg,MKDIR,$@)
	$(Q)mkdir -p $@
$(OUTPUT)/libbpf.a: $(wildcard ../libbpf/src/*.c) | $(OUTPUT)/libbpf
	$(Q)$(MAKE) -C ../libbpf/src BUILD_STATIC_ONLY=1
$(OUTPUT)/%.bpf.o: %.bpf.c $(OUTPUT)/libbpf.a $(wildcard %.h) ../vmlinux/$(ARCH)/vmlinux.h | $(OUTPUT)
	$(call msg,BPF,$@)
	$(Q)$(CLANG) -g -O2 -target bpf -D__TARGET_ARCH_$(ARCH) -DLEVEL=3 -Werror \\
		     $(INCLUDES) $(CLANG_BPF_SYS_INCLUDES) \\
		     -c $(filter %.c,$^) -o $(patsubst %.bpf.o,%.tmp.bpf.o,$@)
	$(Q)bpftool gen object $@ $(patsubst %.bpf.o,%.tmp.bpf.o,$@)
$(OUTPUT)/%.skel.h: $(OUTPUT)/%.bpf.o | $(OUTPUT)
	$(Q)bpftool gen skeleton $< > $@
$(APPS): %: $(OUTPUT)/%.skel.h
	$(Q)$(CC) -o $@ $(filter %.o,$^)
`;

const SELFTESTS = `INCLUDE_DIR := $(CURDIR)/tools/include
BPF_CFLAGS = -g -Wall -Werror -D__TARGET_ARCH_$(SRCARCH) -DLEVEL=3 -I$(INCLUDE_DIR) -I$(abspath $(OUTPUT)../usr/include)
CLANG_CFLAGS = -Wno-compare-distinct-pointer-types -DENABLE_ATOMICS_TESTS
SRCARCH := x86
TRUNNER_OUTPUT := $(OUTPUT)out
define CLANG_BPF_BUILD_RULE
	$(call msg,CLNG-BPF,$4,$2)
	$(Q)$(CLANG) $3 -O2 $(if $4,-DWITH_$4) --target=bpf -c $1 -mcpu=v3 -o $2
endef
define DEFINE_TEST_RUNNER_RULES
$(TRUNNER_OUTPUT)/%.bpf.o: progs/%.c $(INCLUDE_DIR)/made.h | $(TRUNNER_OUTPUT)
	$$(call CLANG_BPF_BUILD_RULE,$$<,$$@,$(BPF_CFLAGS) $(CLANG_CFLAGS),)
endef
CLANG := clang
all: $(TRUNNER_OUTPUT)/one.bpf.o
$(eval $(call DEFINE_TEST_RUNNER_RULES))
$(TRUNNER_OUTPUT):
	mkdir -p $@
`;

/** By family: the files, and the program to compile. */
export const FAMILIES: Readonly<
  Record<string, { readonly source: string; readonly from: string; readonly files: Files }>
> = {
  'a compilation database': {
    source: 'src/one.bpf.c',
    from: 'compile_commands.json',
    files: {
      'src/one.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      'build/compile_commands.json': JSON.stringify([
        { directory: 'ROOT/build', file: '../src/one.c', command: 'cc -DLEVEL=1 -c ../src/one.c' },
        {
          directory: 'ROOT/build',
          file: '../src/one.bpf.c',
          command: 'clang -target bpf -DLEVEL=3 -I"../inc" -c ../src/one.bpf.c -o one.o',
        },
      ]),
    },
  },
  'a database with arguments, of the program beside': {
    source: 'src/two.bpf.c',
    from: 'compile_commands.json',
    files: {
      'src/one.bpf.c': PROGRAM,
      'src/two.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      'compile_commands.json': JSON.stringify([
        {
          directory: 'ROOT',
          file: 'src/one.bpf.c',
          arguments: ['clang', '--target=bpf', '-DLEVEL=3', '-I', 'inc', '-c', 'src/one.bpf.c'],
        },
      ]),
    },
  },
  clangd: {
    source: 'src/one.bpf.c',
    from: '.clangd',
    files: {
      'src/one.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      '.clangd':
        'If:\n  PathMatch: src/user.*\nCompileFlags:\n  Add: [-DLEVEL=1]\n---\nIf:\n  PathMatch: .*\\.bpf\\.[ch]\nCompileFlags:\n  Add:\n    - -DLEVEL=3\n    - -Iinc\n',
    },
  },
  'compile_flags.txt': {
    source: 'src/one.bpf.c',
    from: 'compile_flags.txt',
    files: {
      'src/one.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      'compile_flags.txt': '-target\nbpf\n-DLEVEL=3\n-I\ninc\n',
    },
  },
  'a makefile as in libbpf-bootstrap': {
    source: 'tools/one.bpf.c',
    from: 'make',
    files: { 'tools/one.bpf.c': PROGRAM, 'tools/common/level.h': HEADER, 'tools/Makefile': BOOTSTRAP },
  },
  'a makefile as of the selftests': {
    source: 'progs/one.c',
    from: 'make',
    files: { 'progs/one.c': PROGRAM, 'tools/include/level.h': HEADER, Makefile: SELFTESTS },
  },
  'a makefile above the sources that changes folders': {
    source: 'bpf/one.bpf.c',
    from: 'make',
    files: {
      'bpf/one.bpf.c': PROGRAM,
      'bpf/headers/level.h': HEADER,
      'build.mk': 'FLAGS += -DLEVEL=3\n',
      Makefile:
        '-include config.mk\ninclude build.mk\nbpf:\n\tcd bpf && clang -O2 -g -target bpf $(FLAGS) -Iheaders -c one.bpf.c -o one.o && echo ok\n',
    },
  },
  'a makefile that makes something else by default': {
    source: 'src/one.bpf.c',
    from: 'make',
    files: {
      'src/one.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      Makefile:
        'help:\n\t@echo help\nbuild/obj/%.o: src/%.bpf.c generated.h\n\tclang -O2 -g --target=bpf -DLEVEL=3 -Iinc -c $< -o $@\n',
    },
  },
  'a makefile with a target for all of its programs': {
    source: 'bpf/one.bpf.c',
    from: 'make',
    files: {
      'bpf/one.bpf.c': PROGRAM,
      'bpf/two.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      Makefile:
        'image:\n\tdocker build .\nebpf: clean\n\t$(foreach p,$(wildcard bpf/*.bpf.c),clang -O2 -g -target bpf -DLEVEL=3 -Iinc -c $(p) -o $(p:.c=.o);)\nclean:\n\trm -rf bpf/*.o\n',
    },
  },
  CMake: {
    source: 'src/one.bpf.c',
    from: 'cmake',
    files: {
      'src/one.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      'CMakeLists.txt':
        'cmake_minimum_required(VERSION 3.16)\nproject(x C)\n# set(FLAGS -DLEVEL=1)\nset(FLAGS -g -O2 -DLEVEL=3)\nlist(APPEND FLAGS "-I${CMAKE_SOURCE_DIR}/inc")\nadd_subdirectory(src)\n',
      'src/CMakeLists.txt':
        'if(NOT (CLANG AND X))\nendif()\nadd_custom_command(OUTPUT one.bpf.o\n  COMMAND ${CLANG} -target bpf ${FLAGS} -I${CMAKE_CURRENT_BINARY_DIR} -c ${CMAKE_CURRENT_SOURCE_DIR}/one.bpf.c -o one.bpf.o\n  DEPENDS one.bpf.c)\n',
    },
  },
  Meson: {
    source: 'src/one.bpf.c',
    from: 'meson',
    files: {
      'src/one.bpf.c': PROGRAM,
      'inc/level.h': HEADER,
      'meson.build':
        "project('x', 'c') # a 'comment'\nbpf_args = ['-O2', '-g', '-DLEVEL=3']\nbpf_args += ['-I' + meson.project_source_root() / 'inc']\nsubdir('src')\n",
      'src/meson.build':
        "custom_target('one', input: 'one.bpf.c', output: 'one.o',\n  command: [clang, '--target=bpf', bpf_args, '-I', join_paths(x, 'y'), '-c', '@INPUT@', '-o', '@OUTPUT@'])\n",
    },
  },
  bpf2go: {
    source: 'bpf/one.c',
    from: 'bpf2go',
    files: {
      'bpf/one.c': PROGRAM,
      'bpf/headers/level.h': HEADER,
      'go.mod': 'module x\n',
      'internal/gen/gen.go':
        'package gen\n\n//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cflags "-DLEVEL=1" other ../../bpf/other.c\n//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cflags "-O2 -DLEVEL=3" -target amd64 one ../../bpf/one.c -- -I../../bpf/headers\n',
    },
  },
  'a Cargo build script': {
    source: 'src/bpf/one.bpf.c',
    from: 'cargo',
    files: {
      'src/bpf/one.bpf.c': PROGRAM,
      'include/level.h': HEADER,
      'Cargo.toml': '',
      'build.rs':
        'use libbpf_cargo::SkeletonBuilder;\n// .clang_args(["-DLEVEL=1"])\nfn main() {\n    SkeletonBuilder::new()\n        .source("src/bpf/one.bpf.c")\n        .clang_args([\n            OsStr::new("-I"),\n            OsStr::new("include"),\n            OsStr::new("-I"),\n            vmlinux::include_path_root().join("x86").as_os_str(),\n            OsStr::new("-DLEVEL=3"),\n        ])\n}\n',
    },
  },
};
