extension Plot {
  /// The look of plots, light and dark; colours are Okabe and Ito's, which most people with colour
  /// vision deficiency can tell apart.
  static let style = """
    .plot{--ground:#fff;--ink:#1b1f24;--soft:#57606a;--grid:#e4e7eb;--c0:#0072b2;--c1:#d55e00;\
    --c2:#009e73;--c3:#cc79a7;--c4:#b8860b;--c5:#2aa1d3;--c6:#6f42c1;--c7:#57606a;\
    font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    @media(prefers-color-scheme:dark){.plot{--ground:#14171a;--ink:#e6e9ec;--soft:#a3abb4;\
    --grid:#2b3036;--c0:#5ab0e6;--c1:#ff8c42;--c2:#3fcf9f;--c3:#e6a1c8;--c4:#e8c04a;--c5:#8fd6f5;\
    --c6:#b392f0;--c7:#a3abb4}}
    .plot .ground{fill:var(--ground)}.plot text{fill:var(--ink);font-size:11.5px}
    .plot .heading{font-size:14px;font-weight:600}.plot .label{font-size:12px;fill:var(--soft)}
    .plot .tick,.plot .name{fill:var(--soft)}.plot .name{font-size:10px}
    .plot .end{text-anchor:end}.plot .middle{text-anchor:middle}
    .plot .grid{stroke:var(--grid)}.plot .axis{stroke:var(--soft)}
    .plot .line{fill:none;stroke-width:2}.plot .bar{stroke-width:1.5}
    .plot .dashed{stroke-dasharray:6 4}.plot .mark{stroke:var(--ground);stroke-width:1}
    .plot .line.s0,.plot .bar.s0{stroke:var(--c0)}.plot .mark.s0{fill:var(--c0)}
    .plot .line.s1,.plot .bar.s1{stroke:var(--c1)}.plot .mark.s1{fill:var(--c1)}
    .plot .line.s2,.plot .bar.s2{stroke:var(--c2)}.plot .mark.s2{fill:var(--c2)}
    .plot .line.s3,.plot .bar.s3{stroke:var(--c3)}.plot .mark.s3{fill:var(--c3)}
    .plot .line.s4,.plot .bar.s4{stroke:var(--c4)}.plot .mark.s4{fill:var(--c4)}
    .plot .line.s5,.plot .bar.s5{stroke:var(--c5)}.plot .mark.s5{fill:var(--c5)}
    .plot .line.s6,.plot .bar.s6{stroke:var(--c6)}.plot .mark.s6{fill:var(--c6)}
    .plot .line.s7,.plot .bar.s7{stroke:var(--c7)}.plot .mark.s7{fill:var(--c7)}

    """
}
