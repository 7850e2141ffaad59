#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the brains on purpose and looks who notices: the unit tests, the model, or nobody.

mutants.toml lists what is broken: a file, a text in it that occurs exactly once, what it becomes, and what that means.
Everything happens in a copy of the tree (BUILD-mutants). Exit 1 when a mutant is noticed by nobody, when the model
notices fewer than five in six, or when the list is stale: a text that does not occur exactly once any more.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
UNIT = ['tests/unit/brains/brains-test', 'tests/unit/core/core-test']
MODEL = 'tests/model/model_test'
UNIT_TIMEOUT, MODEL_TIMEOUT, BUILD_TIMEOUT = 60, 120, 900  # s; what hangs is noticed
MODEL_SHARE = 5 / 6


def copy_tree(target):
    """The files of the tree as they are now, kept in step by content so that little is built again."""
    names = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                           capture_output=True, check=True).stdout.decode().split('\0')
    wanted = {name for name in names if name and (ROOT / name).is_file()}
    for name in wanted:
        source, copy = ROOT / name, target / name
        if copy.exists() and copy.read_bytes() == source.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    for copy in target.rglob('*'):
        if copy.is_file() and str(copy.relative_to(target)) not in wanted:
            copy.unlink()


def build(folder):
    """'' or why not."""
    done = subprocess.run(['ninja', '-C', folder, '-j2', *UNIT, MODEL], capture_output=True, text=True,
                          timeout=BUILD_TIMEOUT, check=False)
    errors = [line for line in done.stdout.splitlines() if 'error' in line]
    return '' if done.returncode == 0 else '\n'.join(errors[:3]) or done.stdout[-400:]


def fails(program, timeout, env=None, args=()):
    """'' when the tests pass, else what failed first."""
    try:
        done = subprocess.run([program, '--gtest_fail_fast', '--gtest_brief=1', *args], capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, **(env or {})}, check=False)
    except subprocess.TimeoutExpired:
        return 'it hangs'
    if done.returncode == 0:
        return ''
    violation = re.search(r'VIOLATION ([^\n]*)', done.stdout)
    failed = re.search(r'\[  FAILED  \] ([\w.]+)', done.stdout)
    return violation.group(1) if violation else failed.group(1) if failed else f'exit {done.returncode}'


def unit(folder):
    return next((why for program in UNIT if (why := fails(folder / program, UNIT_TIMEOUT))), '')


def model(folder, runs):
    env = {'STAS_MODEL_RUNS': str(runs), 'STAS_MODEL_QUICK': '1'}
    return fails(folder / MODEL, MODEL_TIMEOUT, env, ['--gtest_filter=-*Week*'])


def stale(mutants):
    wrong, seen = [], set()
    for mutant in mutants:
        name = mutant['name']
        text = (ROOT / mutant['file']).read_text() if (ROOT / mutant['file']).exists() else ''
        if (count := text.count(mutant['old'])) != 1:
            wrong.append(f'{name}: its text occurs {count} times in {mutant["file"]}, not once')
        if mutant['old'] == mutant['new'] or name in seen:
            wrong.append(f'{name}: changes nothing, or comes twice')
        seen.add(name)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', help='only mutants whose name contains one of these')
    parser.add_argument('--list', action='store_true', help='show the list, build nothing')
    parser.add_argument('--check', action='store_true', help='only look whether the list fits the tree')
    parser.add_argument('--runs', type=int, default=1000, help='histories of the model for each mutant')
    parser.add_argument('--work', type=pathlib.Path, default=ROOT / 'build-mutants', help='where the copy is')
    options = parser.parse_args()
    mutants = tomllib.loads((HERE / 'mutants.toml').read_text())['mutant']
    if wrong := stale(mutants):
        print('\n'.join(wrong))
        return 1
    if options.check:
        print(f'{len(mutants)} mutants fit the tree')
        return 0
    chosen = [m for m in mutants if not options.names or any(n in m['name'] for n in options.names)]
    if options.list:
        for mutant in chosen:
            print(f'{mutant["name"]:<34} {mutant["file"]}: {mutant["meaning"]}')
        return 0

    source, folder = options.work / 'src', options.work / 'build'
    source.mkdir(parents=True, exist_ok=True)
    copy_tree(source)
    if not (folder / 'build.ninja').exists():
        cxx = os.environ.get('CXX') or ('ccache g++' if shutil.which('ccache') else 'g++')
        subprocess.run(['meson', 'setup', folder, source, '-Doptimization=1', '-Ddebug=false'], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, 'CXX': cxx})
    if broken := build(folder) or unit(folder) or model(folder, options.runs):
        print('the tests fail without any mutant: ' + broken)
        return 1

    tally = {'unit': 0, 'model': 0, 'neither': []}
    for number, mutant in enumerate(chosen, 1):
        begin = time.monotonic()
        file = source / mutant['file']
        text = file.read_text()
        try:
            file.write_text(text.replace(mutant['old'], mutant['new']))
            if broken := build(folder):
                print(f'{mutant["name"]} does not build:\n{broken}')
                return 1
            by_unit, by_model = unit(folder), model(folder, options.runs)
        finally:
            file.write_text(text)
        tally['unit'] += bool(by_unit)
        tally['model'] += bool(by_model)
        who = ' and '.join(name for name, by in (('unit', by_unit), ('model', by_model)) if by) or 'NOBODY'
        if who == 'NOBODY':
            tally['neither'].append(mutant['name'])
        print(f'{number:>3}/{len(chosen)} {mutant["name"]:<34} {who:<15} {time.monotonic() - begin:3.0f} s  '
              f'{(by_model or by_unit or mutant["meaning"])[:90]}', flush=True)
    print(f'{len(chosen)} mutants: {tally["unit"]} noticed by unit tests, {tally["model"]} by the model, '
          f'{len(tally["neither"])} by nobody')
    for name in tally['neither']:
        print(f'  nobody notices: {name}')
    too_few = not options.names and tally['model'] < MODEL_SHARE * len(chosen)
    if too_few:
        print('  the model notices too few of them')
    return 1 if tally['neither'] or too_few else 0


if __name__ == '__main__':
    sys.exit(main())
