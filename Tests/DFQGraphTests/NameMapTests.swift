import DynaDFQ
import Testing

@Suite struct NameMapTests {
  @Test(arguments: [
    (["fc=linear"], "fc.weight", "linear.weight"),
    (["fc=linear"], "head.fc.bias", "head.linear.bias"),
    (["fc=linear"], "fcn.weight", "fcn.weight"),
    (["downsample.*=shortcut.*"], "layer2.0.downsample.1.bias", "layer2.0.shortcut.1.bias"),
    (["module="], "module.conv1.weight", "conv1.weight"),
    (["stage_*=layer*"], "stage_2.0.bn1.bias", "layer2.0.bn1.bias"),
    (["block*.*.c=*.b*"], "x.block1.2.c.weight", "x.1.b2.weight"),
    (["a=b", "b=c"], "a.weight", "c.weight"),
    (["a.a=b"], "a.a.a.weight", "b.a.weight"),
    (["*=x"], "a.weight", "x.weight"),
    (["a*b*c=*-*"], "axxbyyc", "xx-yy"),
    (["a*b*c=*-*"], "abbc", "-b"), (["*a*=*x*"], "ba.a", "bx.a"), (["a*a=*"], "a.aa", "a."),
    (
      [String(repeating: "*a", count: 400) + "b=x"], String(repeating: "a", count: 4000),
      String(repeating: "a", count: 4000)
    ),
    (["very.long.pattern.here=x"], "a.b", "a.b"),
    ([], "a.b", "a.b"),
  ])
  func renames(rules: [String], name: String, expected: String) throws {
    #expect(try NameMap(rules)(name) == expected)
  }

  @Test(arguments: [
    "", "fc", "=", "=linear", "a=b=c", "a..b=c", "a=b..c", "a=*", "*=**", ".a=b",
    String(repeating: "a", count: 5000) + "=b",
  ])
  func badRules(rule: String) {
    #expect(throws: NetworkError.self) { try NameMap([rule]) }
  }
}
