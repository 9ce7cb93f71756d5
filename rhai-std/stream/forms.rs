//! Every function that takes a list takes a stream.

use super::{Stream, as_list};
use crate::failure::Answer;
use crate::namespace::Namespace;
use rhai::packages::{Package, StandardPackage};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FuncRegistration, Identifier, Module, NativeCallContext, RhaiFunc};
use std::any::TypeId;
use std::sync::Arc;

/// A native function as Rhai keeps it.
pub type Native = Arc<
    dyn Fn(Option<NativeCallContext<'_>>, &mut [&mut Dynamic]) -> Result<Dynamic, Box<EvalAltResult>> + Send + Sync,
>;

/// Adds the forms of a function in which streams stand for its lists. `register` starts a registration of its name.
pub fn accepting_streams(
    module: &mut Module,
    register: impl Fn() -> FuncRegistration,
    types: &[TypeId],
    native: &RhaiFunc,
) {
    let (RhaiFunc::Pure { func, .. } | RhaiFunc::Method { func, .. }) = native else { return };
    for (types, places) in with_streams(types) {
        let func = Arc::clone(func);
        let called: Native = Arc::new(move |context, args| {
            become_lists(args, &places)?;
            func(context, args)
        });
        register().set_into_module_raw(module, types, like(native, called));
    }
}

/// A function of the same sort with other code.
fn like(native: &RhaiFunc, func: Native) -> RhaiFunc {
    match native {
        RhaiFunc::Method { is_pure, is_volatile, .. } => {
            RhaiFunc::Method { func, has_context: true, is_pure: *is_pure, is_volatile: *is_volatile }
        }
        _ => RhaiFunc::Pure { func, has_context: true, is_pure: true, is_volatile: true },
    }
}

/// Adds what Rhai's own lists can do for streams. The variable that holds the stream holds a list from then on.
pub fn list_methods() -> Namespace {
    let mut ns = Namespace::global("");
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    let functions: Vec<(Identifier, Vec<TypeId>)> = engine.collect_fn_metadata(
        None,
        |info| Some((info.metadata.name.clone(), info.metadata.param_types.to_vec())),
        true,
    );
    for (name, types) in functions {
        for (types, places) in with_streams(&types) {
            let called_name = name.clone();
            let func: Native = Arc::new(move |context, args| {
                become_lists(args, &places)?;
                match context {
                    Some(context) => context.call_native_fn_raw(&called_name, true, args),
                    None => Ok(Dynamic::UNIT),
                }
            });
            let native = RhaiFunc::Method { func, has_context: true, is_pure: true, is_volatile: true };
            FuncRegistration::new(&*name).in_global_namespace().set_into_module_raw(&mut ns.module, types, native);
        }
    }
    ns
}

/// All ways to put streams where lists are, with the places where they are.
fn with_streams(types: &[TypeId]) -> Vec<(Vec<TypeId>, Vec<usize>)> {
    let lists: Vec<usize> = (0..types.len()).filter(|at| types.get(*at) == Some(&TypeId::of::<Array>())).collect();
    let choices = 1_usize << lists.len().min(3);
    let mut ways = Vec::new();
    for choice in 1..choices {
        let places: Vec<usize> =
            lists.iter().enumerate().filter(|(bit, _)| choice & (1 << bit) != 0).map(|(_, place)| *place).collect();
        let mut types = types.to_vec();
        for place in &places {
            if let Some(slot) = types.get_mut(*place) {
                *slot = TypeId::of::<Stream>();
            }
        }
        ways.push((types, places));
    }
    ways
}

fn become_lists(args: &mut [&mut Dynamic], places: &[usize]) -> Answer<()> {
    for place in places {
        if let Some(arg) = args.get_mut(*place)
            && let Some(list) = as_list(arg)?
        {
            let constant = arg.is_read_only();
            let list = Dynamic::from_array(list);
            **arg = if constant { list.into_read_only() } else { list };
        }
    }
    Ok(())
}
