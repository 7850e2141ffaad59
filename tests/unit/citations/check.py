#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What comments cite must be there: fails with file:line on a section, row, finding, law, document or path that is not.

The forms, so that a search finds them (doc/ has what they point to):

  contract 6.4 · contract 4.1-4.3, 9.2 and 9.3 X1, X2 · rows C12-C17 of 9.1 · contract appendix C
  (6.4)              alone in brackets, in C++ comments of a file that speaks of the contract, and in doc/
  D-06               a finding, contract 10
  regressions 5, 31 · #31 in the tables of tests
  law 2 · laws 1 to 5 and 8
  decisions, answer 8 · decisions, "Also"
  NAME.md            a document of the tree
  core/identity/tid  a file or folder, in C++ comments
"""
import bisect
import itertools
import os
import re
import sys

SKIPPED = ('LICENSE', 'tests/data/', 'tests/fuzz/corpus/', 'tests/unit/citations/')

SECTION = r'\d{1,2}\.\d{1,2}'
LABELS = r'[A-Z]\d{1,2}(?:-[A-Z]\d{1,2})?'
MORE = r'(?:,? and |, )'
PART = rf'{SECTION}(?:-{SECTION})?(?: {LABELS}(?:{MORE}{LABELS})*)?'
SECTIONS = rf'(?:{PART}(?:{MORE}{PART})*)'
NUMBERS = r'\d{1,2}(?:(?:-| to )\d{1,2})?(?:(?:,? and |, )\d{1,2}(?:(?:-| to )\d{1,2})?)*\b(?!\.\d)'

FORMS = {
    'contract': rf'\bcontract[,:]? \(?({SECTIONS}|\d{{1,2}})\b',
    'row': rf'\brows? ({LABELS}(?:{MORE}{LABELS})*)\b',
    'appendix': r'\bcontract,? appendix ([A-Z])\b',
    'finding': r'\b(D-\d{2})\b',
    'regression': rf'\bregressions ({NUMBERS})',
    'law': rf'\blaws? ({NUMBERS})',
    'answer': rf'\bdecisions(?:\.md)?, answers? ({NUMBERS})',
    'heading': r'\bdecisions(?:\.md)?, "([^"]+)"',
    'document': r'(?<![\w/.*-])((?:[\w-]+/)*[\w-]+\.md)\b',
}
BARE = rf'[(]({SECTIONS})[)]|, ({SECTION})[)]'  # in the comments of a file that speaks of the contract
PATH = r'(?<![\w/.<"*-])((?:libstas|core|sys|nvme_tcp|stafd|stacd|tests)/[\w/-]+(?:\.(?:h|cpp|py))?)(?![\w/]*[{*])'
HASH = r'(?<=[:,] )#(\d{1,2})\b'  # in tests: "... : #31, #44"

# What looks like a citation of something, but is none of the forms.
STRANGE = [
    (r'\bkernel[- ]facts\b|\btarget reference\b|\bfeature table\b', 'is no document of the tree; cite contract N.N'),
    (r'(?<!contract, )(?<!contract )\bappendix [A-Z]\b', 'whose? say "contract appendix X"'),
    (r'(?<!decisions, )(?<!decisions\.md, )\banswers? \d+\b(?= *[);.,])', 'whose? say "decisions, answer N"'),
    (r'\b(?:contract|decisions|regressions)\.md,? \d', 'say "contract N.N", "regressions N", "law N"'),
]


def numbers_of(text):
    """'1 to 5 and 8' -> 1 2 3 4 5 8"""
    for first, last in re.findall(r'(\d+)(?:(?:-| to )(\d+))?', text):
        yield from (str(n) for n in range(int(first), int(last or first) + 1))


def parts_of(text):
    """'4.1-4.3, 9.3 X1, X2' -> 4.1 4.2 4.3 9.3 X1 X2"""
    for a, b, c, d, letter, first, last, chapter in re.findall(
            r'(\d+)\.(\d+)(?:-(\d+)\.(\d+))?|([A-Z])(\d+)(?:-[A-Z](\d+))?|(\d+)', text):
        if chapter or letter:
            yield from (letter + str(n) for n in range(int(first or chapter), int(last or first or chapter) + 1))
        else:
            if c and c != a:
                yield f'{c}.{d}'
            yield from (f'{a}.{n}' for n in range(int(b), int(d if c == a else b) + 1))


def defined(contract, regressions, decisions):
    """Form -> what doc/ has for it, in lists: something that is there twice is there once too often."""
    sections = re.findall(r'^#{2,3} (\d+(?:\.\d+)?) ', contract, re.M)
    rows = re.findall(r'^\| ([A-Z]\d+) \|', contract, re.M)
    laws, _, rest = decisions.partition('## Answers')
    return {
        'contract': sections + rows,
        'row': rows,
        'appendix': re.findall(r'^## Appendix ([A-Z])\b', contract, re.M),
        'finding': re.findall(r'^\| (D-\d\d) \|', contract, re.M),
        'regression': re.findall(r'^\| (\d+) \|', regressions, re.M),
        'law': re.findall(r'^(\d+)\. ', laws, re.M),
        'answer': re.findall(r'^(\d+)\. ', rest, re.M),
        'heading': re.findall(r'^## (.+)$', decisions, re.M),
    }


def flattened(text):
    """The text with the marks of comments gone, so that a citation may go on in the next line; offset -> line."""
    pieces = [re.sub(r'^\s*(?://+|#+(?= )|\*|\.\\")?\s*', '', line) + ' ' for line in text.splitlines()]
    ends = list(itertools.accumulate(map(len, pieces)))
    return ''.join(pieces), lambda offset: bisect.bisect(ends, offset) + 1


def citations(path, text):
    """Yields (form, what, line) for each citation of a file; each number of a list is one."""
    flat, line_of = flattened(text)
    forms = list(FORMS.items())
    if path.startswith('tests/') and path.endswith('.cpp'):
        forms.append(('regression', HASH))
    for form, pattern in forms:
        for match in re.finditer(pattern, flat, re.IGNORECASE if form in ('law', 'contract') else 0):
            split = parts_of if form in ('contract', 'row') else numbers_of
            whole = form in ('appendix', 'finding', 'heading', 'document')
            for what in [match[1]] if whole else split(match[1]):
                yield form, what, line_of(match.start(1))
    if path.endswith(('.h', '.cpp')):
        comments = '\n'.join(line.partition('//')[2] for line in text.splitlines())
        for match in re.finditer(PATH, comments):
            yield 'path', match[1], comments.count('\n', 0, match.start()) + 1
        flat, line_of = flattened(comments)
    elif not path.startswith('doc/'):
        flat = ''
    if re.search(r'\bcontract\b', flat):
        for match in re.finditer(BARE, flat):
            yield from (('contract', what, line_of(match.start())) for what in parts_of(match[1] or match[2]))


def strange(text):
    """Yields (advice, line) for what is a citation in no known form."""
    flat, line_of = flattened(text)
    for pattern, advice in STRANGE:
        for match in re.finditer(pattern, flat, re.IGNORECASE):
            yield f'"{match[0]}" {advice}', line_of(match.start())


def problems_of(path, text, known):
    """Yields 'file:line: ...' for what a file cites in vain."""
    for form, what, line in citations(path, text):
        if form == 'document':
            near = os.path.normpath(os.path.join(os.path.dirname(path), what))
            if near not in known[form] and what not in known[form]:
                yield f'{path}:{line}: there is no document {what}'
        elif what not in known[form]:
            yield f'{path}:{line}: there is no {form} {what}' + ('' if form == 'path' else ' in doc/')
    if not path.startswith('doc/'):
        yield from (f'{path}:{line}: {advice}' for advice, line in strange(text))


def of_tree(paths):
    """Form -> the documents by path and by name; files and folders, with and without suffix and libstas/."""
    documents = {path for path in paths if path.endswith('.md')}
    there = set()
    for path in paths:
        there |= {path, os.path.splitext(path)[0]}
        while path := os.path.dirname(path):
            there |= {path, path + '/'}
    return {'document': documents | {os.path.basename(path) for path in documents},
            'path': there | {path.removeprefix('libstas/') for path in there}}


def self_test():
    """Each form is seen, resolves when its target is there, and is reported when it is not."""
    contract = ('## 4 Id\n### 4.1 A\n### 4.2 B\n### 9.3 T\n| X1 | a | b |\n| X2 | a | b |\n| D-06 | x |\n'
                '## Appendix C Layouts\n')
    known = defined(contract, '| 5 | a |\n| 6 | b |\n', '## Laws\n1. a\n2. b\n## Answers\n8. c\n## Also\n')
    good = ['// compatibility contract 4.1-4.2, 9.3 X1, X2 and D-06', '// of the contract 4',
            '// contract,\n// appendix C', '// regressions 5,\n// 6; law 2, laws 1 to 2', '{"a: #5, #6"',
            '// decisions, answer 8', '// decisions, "Also"', '// the contract says (4.1-4.2, 9.3), and more (a, 4.2)',
            '// see doc/contract.md, README.md', '// rows X1-X2 of 9.3', 'a.b(4.9); // contract', '// since (5.18)',
            'f(0.3);', '// core/base/text.h, core/base', 'open("sys/class");']
    bad = ['// contract 4.3', '// contract 4.1, 4.7', '// contract 4.1-4.3', '// contract 9.3 X1, X3',
           '// contract 4.1,\n// 9.9', '// contract 5', '// contract, appendix B', '// D-07', '// regressions 5, 7',
           '// regressions 5 and 9', '// law 3', '// laws 1 to 3', '{"a: #5, #7"', '// decisions, answer 6',
           '// decisions, "Never"', '// the contract\n// (4.7)', '// contract: a (b, 4.7)', '// target.md',
           '// see kernel-facts', '// target\n// reference 2.8', '// rows X1-X3 of 9.3', '// (appendix A)',
           '// (answer 8)', '// doc/plan.md', '// decisions.md 3', '// core/text', '// see libstas/sys/text.h']
    known |= of_tree(['README.md', 'doc/contract.md', 'doc/decisions.md', 'libstas/core/base/text.h'])

    def found(text):
        return list(problems_of('tests/x.cpp', text, known))

    wrong = [f'dangling, but not reported: {t!r}' for t in bad if not found(t)]
    wrong += [f'reported: {p}' for t in good for p in found(t)]
    if found('\n\n// contract 4.1,\n// 9.9') != ['tests/x.cpp:3: there is no contract 9.9 in doc/']:
        wrong.append('file and line are not told')
    return ['self test: ' + w for w in wrong]


def files_of(root):
    """Path -> text of each file, '' for what is skipped or no text; folders of builds are no part of the tree."""
    texts = {}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if (not f.startswith('.') or f == '.ci') and f != '__pycache__'
                            and not os.path.exists(os.path.join(folder, f, 'meson-private')))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            texts[path] = ''
            if path.startswith(SKIPPED) or name.startswith('.git'):
                continue
            try:
                with open(os.path.join(folder, name), encoding='utf-8') as file:
                    texts[path] = file.read()
            except (UnicodeDecodeError, OSError):
                pass  # no text
    return texts


def main(root):
    texts = files_of(root)
    known = defined(*(texts[f'doc/{name}.md'] for name in ('contract', 'regressions', 'decisions')))
    problems = self_test()
    problems += [f'doc/: {form} {what} is there twice' for form, all_of in known.items() for what in sorted(set(all_of))
                 if all_of.count(what) > 1]
    known |= of_tree(texts)
    for path, text in texts.items():
        problems += problems_of(path, text, known)
    print(f'{len(texts)} files', *problems, sep='\n')
    return 1 if problems or not texts else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
