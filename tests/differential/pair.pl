% Operations on more than one thing, naively: section 4 of docs/rule.md.
%
% A question is an operation and a list of what it is about, Name=Value:
% object, other (Type-Key), collection, limiting, origin, to (keys, or []),
% named (keys), direct (Type-Keys), inventory (yes or no).

:- module(pair, [pair/9]).
:- use_module(rule).
:- use_module(library(lists)).
:- use_module(library(apply)).

% ---- The table: wants(+Operation, +About, -Halves), in the order of its row --

wants(deploy, About, [deploy(T, C), half(T, 'Read', X)]) :- about(About, [object=T-X, collection=C]).
wants(delete_deployment, About, [deploy(T, C)]) :- about(About, [object=T-_, collection=C]).
wants(read_deployment, About, [half('1', 'Read', C), half(T, 'Read', X)]) :- about(About, [object=T-X, collection=C]).
wants(distribute, About, [half(T, 'Read', X), half(T2, 'Copy to Distribution Point', Y)]) :-
    about(About, [object=T-X, other=T2-Y]).
wants(refer, About, [half(T, 'Modify', X), half(T2, 'Read', Y)]) :- about(About, [object=T-X, other=T2-Y]).
wants(create_collection, About, [half('1', 'Create', []), half('1', 'Read', L)]) :- about(About, [limiting=L]).
wants(change_limiting, About, [half('1', 'Modify', C), half('1', 'Read', L)]) :-
    about(About, [collection=C, limiting=L]).
wants(write_rule, About, Halves) :-
    about(About, [collection=C, limiting=L, named=Named, direct=Direct, inventory=Inventory]),
    ( C == [] -> First = 'Create' ; First = 'Modify' ),
    findall(half('1', 'Read', N), member(N, Named), Reads),
    ( Inventory == yes -> Resources = [half('1', 'Read Resource', L)] ; Resources = [] ),
    findall(half(T, 'Read', R), member(T-R, Direct), Directs),
    append([[half('1', First, C)], Reads, Resources, Directs], Halves).
wants(import_computer, About, [half(T, 'Import Computer Entry', S), half('1', 'Modify Resource', C) | Matched]) :-
    about(About, [object=T-S, collection=C, other=T2-R]),
    ( T2 == [] -> Matched = [] ; Matched = [half(T2, 'Modify', R)] ).
wants(move, About, [half(T, 'Move Object', X) | Folders]) :-
    about(About, [object=T-X, origin=From, to=To]),
    findall(half('226', 'Read', F), ( member(F, [From, To]), F \== [] ), Folders).
wants(create_folder, About, [half('226', 'Create', []), folder(T, Parent)]) :- about(About, [object=T-_, to=Parent]).
wants(change_folder, About, [half('226', 'Modify', F), folder(T, F)]) :- about(About, [object=T-_, origin=F]).
wants(delete_folder, About, [half('226', 'Delete', F), folder(T, F)]) :- about(About, [object=T-_, origin=F]).

about(_, []).
about(About, [M | More]) :- memberchk(M, About), about(About, More).

% thing(+Half, -Thing or reason)
thing(half(Type, Op, Key), Thing) :- meaning(Type, Op, Key, Thing).
thing(deploy(Type, C), Thing) :-
    (   type_named(Type, T)
    ->  ( deploys(T, Op) -> meaning('1', Op, C, Thing) ; Thing = op_not_applicable )
    ;   Thing = unknown_type ).
thing(folder(Type, Folder), Thing) :-
    (   type_named(Type, T)
    ->  (   \+ operation(T, 'Modify Folder', _, _) -> Thing = unknown_operation
        ;   Folder == [] -> Thing = on('Modify Folder', T, folder, [])
        ;   meaning('226', 'Read', Folder, Read),
            ( atom(Read) -> Thing = Read ; Thing = on('Modify Folder', T, folder, Folder) ) )
    ;   class_named(Type, _) -> Thing = op_not_applicable
    ;   Thing = unknown_type ).

% ---- The decision ---------------------------------------------------------------

% pair(+Subject, +Known, +Pairing, +Operation, +About, -Reason, -Unsound, -Ids, -Halves)
% with Halves a list of half(Missing, Level, Assignment).
pair(Subject, Known, Pairing, Operation, About, Reason, Unsound, Ids, Halves) :-
    wants(Operation, About, Wanted),
    maplist(thing, Wanted, Things),
    (   wrong(Things, Reason0, Unsound0)
    ->  (   Reason0 == no_such_object, Known == no
        ->  Reason = groups_unknown, Unsound = 0
        ;   Reason = Reason0, Unsound = Unsound0 ),
        Ids = [], maplist(nothing, Things, Halves)
    ;   Unsound = 0,
        sound(Subject, Known, Pairing, Operation, Things, Reason, Ids, Halves) ).

wrong(Things, Reason, At) :-
    member(Rank, [[unknown_type], [op_not_applicable, unknown_operation], [no_such_object]]),
    nth0(At, Things, Reason), memberchk(Reason, Rank), !.

nothing(_, half([], none, none)).

sound(Subject, _, Pairing, Operation, Things, allowed, Ids, Halves) :-
    forall(member(T, Things), served(Subject, T)),
    (   ( Operation == read_deployment ; Pairing == user )
    ->  maplist(first(Subject), Things, Firsts), sort(Firsts, Ids),
        findall(half([], none, A), member(A, Firsts), Halves)
    ;   setof(A, holds_all(Subject, Things, A), Ids), maplist(nothing, Things, Halves) ), !.
sound(_, no, _, _, Things, groups_unknown, [], Halves) :- !, maplist(nothing, Things, Halves).
sound(Subject, _, _, _, Things, no_assignment, [], Halves) :-
    \+ names(Subject, _), !, maplist(nothing, Things, Halves).
sound(Subject, _, _, _, Things, not_permitted, Ids, Halves) :-
    findall(I-read, ( nth0(I, Things, T), \+ served(Subject, T) ), Reads),
    setof(N-A-Set, miss(Subject, Things, Reads, A, Set, N), Misses),
    Misses = [Least-_-_ | _],
    findall(A-Set, member(Least-A-Set, Misses), Nearest),
    findall(A, member(A-_, Nearest), Ids),
    findall(Half, ( nth0(I, Things, T), missing(Subject, I, T, Nearest, Half) ), Halves).

% What is needed besides: Read, and Author Policy of an own type.
served(Subject, Thing) :- readable(Subject, Thing), \+ ( asks_for(Thing, Author), \+ may(Subject, Author) ).

first(Subject, Thing, First) :- setof(A, suffices(Subject, Thing, A), [First | _]).

holds_all(Subject, Things, A) :- names(Subject, A), \+ ( member(T, Things), fails(Subject, T, A, _) ).

miss(Subject, Things, Reads, A, Set, N) :-
    names(Subject, A),
    findall(I-C, ( nth0(I, Things, T), fails(Subject, T, A, C) ), Failed),
    append(Failed, Reads, Set), length(Set, N).

missing(Subject, I, Thing, Nearest, half(Missing, Level, none)) :-
    findall(C, ( member(C, [operation, scope, collection, level, time, read]),
                 once(( member(_-Set, Nearest), memberchk(I-C, Set) )) ), Missing),
    (   setof(M, A^Set^( member(A-Set, Nearest), memberchk(I-level, Set),
                  level_helps(Subject, Thing, A, M) ), [Level | _]) -> true
    ;   Level = none ).
