/**
 * The C of a choice: a program of its own in the order and style of the templates. The same choice on the same kernel gives
 * the same text, byte for byte.
 */
import type { KernelTypes } from '../server/kernel/kernel-types';
import { commentText } from './c-text';
import { hasUserStacks, type Mode, planOf, type TraceChoice } from './plan';
import { handlers } from './write-handlers';
import { constants, fillers, maps, type Program, parameters, types } from './write-parts';
import { programs } from './write-sections';

export interface WrittenProgram {
  /** Of the file: "vfs_read-latency". */
  readonly name: string;
  readonly text: string;
}

/** Throws TraceError for what cannot be traced like this. */
export function writeProgram(choice: TraceChoice): WrittenProgram {
  const plans = planOf(choice);
  const { mode, probes } = choice;
  const kernel = probes[0]?.types;
  const tag = (name: string): string => (kernel ? freeTag(name, kernel) : name);
  const program: Program = {
    plans,
    mode,
    several: plans.length > 1,
    tags: {
      key: tag('trace_key'),
      record: tag('trace_record'),
      call: tag('trace_call'),
      counted: tag('trace_count'),
      slots: tag('trace_slots'),
      probe: tag('traced_probe'),
    },
  };
  const name = `${plans.map(each => each.name).join('-')}-${mode.kind}`.slice(0, 100);
  const ownStack = mode.kind === 'stacks' && probes.some(each => each.place.kind === 'user-function');
  const parts = [
    `// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * ${name} - ${commentText(sentence(choice))}.
 *
 * Written by: ${commentText(commandOf(choice))}
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"${ownStack ? '\n#include "bpfw_stack.h"' : ''}`,
    constants(program),
    ...types(program),
    ...parameters(program),
    ...maps(program),
    ...fillers(program),
    ...plans.flatMap(plan => [...handlers(program, plan), ...programs(program, plan)]),
    'char LICENSE[] SEC("license") = "Dual BSD/GPL";',
  ];
  return { name, text: `${parts.filter(part => part !== '').join('\n\n')}\n` };
}

/** The kernel's vmlinux.h has thousands of tags. */
function freeTag(wanted: string, kernel: KernelTypes): string {
  let name = wanted;
  while ((['struct', 'union', 'enum', 'typedef'] as const).some(kind => kernel.find(kind, name) !== null))
    name += '_';
  return name;
}

const WHAT: Readonly<Record<Mode['kind'], string>> = {
  count: 'how often it is called',
  latency: 'how long it takes',
  hist: 'a histogram of a value',
  events: 'each call, with arguments and result',
  stacks: 'who calls it',
};

function sentence({ probes, mode, by, where }: TraceChoice): string {
  const stacks = mode.kind === 'stacks' && probes.some(hasUserStacks) ? ' (user stacks)' : '';
  const value = mode.kind === 'hist' ? ` (${mode.of})` : '';
  const key = by.length > 0 ? `, by ${by.join(' and ')}` : '';
  const filter = where === null ? '' : `, where ${where}`;
  return `${probes.map(each => each.label).join(', ')}: ${WHAT[mode.kind]}${value}${stacks}${key}${filter}`;
}

function commandOf({ probes, mode, by, where }: TraceChoice): string {
  const names = probes.map(({ place, label }) =>
    place.kind === 'user-function' ? `${place.file}:${place.name}` : label,
  );
  return [
    'bpfw trace',
    ...names.map(quoted),
    `--${mode.kind}${mode.kind === 'hist' ? ` ${quoted(mode.of)}` : ''}`,
    ...by.map(each => `--by ${quoted(each)}`),
    ...(where === null ? [] : [`--where ${quoted(where)}`]),
  ].join(' ');
}

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w:./+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
