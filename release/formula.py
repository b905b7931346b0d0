"""Prints the Homebrew formula of a release: formula.py OWNER/REPOSITORY < action/checksums.txt

It goes to a tap (OWNER/homebrew-tap, as Formula/gotrace-diff.rb): brew install OWNER/tap/gotrace-diff.
"""

import re
import sys

repository = sys.argv[1]
sums, version = {}, None
for line in sys.stdin:
    found = re.fullmatch(r"([0-9a-f]{64})  gotrace-diff-v(\S+?)-((?:x86_64|aarch64)-[a-z-]+)\.(?:tar\.gz|zip)\s*", line)
    if found:
        digest, version, target = found.groups()
        sums[target] = digest
SYSTEMS = {"macos": "apple-darwin", "linux": "unknown-linux-musl"}
CPUS = {"arm": "aarch64", "intel": "x86_64"}
missing = [f"{cpu}-{system}" for system in SYSTEMS.values() for cpu in CPUS.values() if f"{cpu}-{system}" not in sums]
if missing:
    sys.exit("the manifest has no " + ", ".join(missing))

print(f"""# Compares Go execution traces and fails the build when one got slower.
class GotraceDiff < Formula
  desc "Performance regression gate for Go: compares execution traces"
  homepage "https://github.com/{repository}"
  version "{version}"
  license any_of: ["MIT", "Apache-2.0"]
""")
for system, ending in SYSTEMS.items():
    print(f"  on_{system} do")
    for cpu, start in CPUS.items():
        target = f"{start}-{ending}"
        archive = f"gotrace-diff-v{version}-{target}.tar.gz"
        print(f"    on_{cpu} do")
        print(f'      url "https://github.com/{repository}/releases/download/v{version}/{archive}"')
        print(f'      sha256 "{sums[target]}"')
        print("    end")
    print("  end\n")
print("""  def install
    bin.install "gotrace-diff"
    man1.install "man/gotrace-diff.1"
    bash_completion.install "completions/gotrace-diff.bash" => "gotrace-diff"
    zsh_completion.install "completions/_gotrace-diff"
    fish_completion.install "completions/gotrace-diff.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/gotrace-diff --version")
    (testpath/"empty.out").write ""
    assert_match "empty", shell_output("#{bin}/gotrace-diff summarize empty.out 2>&1", 2)
  end
end""")
