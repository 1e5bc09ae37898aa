//! What an author's mistakes look like: each case holds one, and beside it the compiler's whole answer.

#[test]
fn every_mistake_has_one_answer_that_names_the_fix() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
