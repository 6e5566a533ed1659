//! `bindgen in.wasm out-folder`: JavaScript for the module. Does what the program wasm-bindgen does, with a lock file of ours.

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, input, output] = arguments.as_slice() else { panic!("bindgen in.wasm out-folder") };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(input).typescript(false).out_name("engine").remove_name_section(true).remove_producers_section(true);
    bindgen.web(true).expect("the target is known");
    bindgen.generate(output).expect("the module can be bound");
}
