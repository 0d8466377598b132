"""Runs onnx's own checker over every model in a folder. Run by hand, for instance on what round-trip.ts --write wrote:

    apt-get install python3-onnx
    /usr/bin/python3 test/conformance/check.py FOLDER

Prints how many models pass and which do not; exits with 1 if one that Lathe wrote fails though its original passes
(give the folder of originals as second argument to compare).
"""
import pathlib
import sys

import onnx


def problem(path):
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:  # The checker raises several kinds.
        return str(error).strip().splitlines()[0]
    return None


def original(root, name):
    for folder in sorted(root.glob('*/*')):
        if f'{folder.parent.name}-{folder.name}' == name:
            return folder / 'model.onnx'
    return None


def main():
    written = sorted(pathlib.Path(sys.argv[1]).rglob('*.onnx'))
    root = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    passed, failed_before, failed = 0, 0, []
    for path in written:
        text = problem(path)
        if text is None:
            passed += 1
            continue
        source = original(root, path.stem) if root else None
        if source is not None and problem(source) is not None:
            failed_before += 1
        else:
            failed.append(f'{path.name}: {text}')
    print(f'{passed} of {len(written)} pass onnx.checker {onnx.__version__}')
    print(f'{failed_before} do not pass as their authors wrote them either')
    for line in failed:
        print(line)
    return 1 if failed else 0


sys.exit(main())
