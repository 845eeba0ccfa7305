% Asks rule.pl.  Reads terms from standard input:
%
%   Fact.                     of a world; those before `catalogue.` stay
%   catalogue.                all facts so far are the shipped catalogue
%   ask(Ids, Own, Known, Level, Delegated, At, Type, Operation, Key).
%   list(Ids, Own, Known, Level, Delegated, At, Type).
%   done.                     forget the world; prints a line `done`
%
% and prints one line of words, separated by tabs, for each ask and list.

:- use_module(rule).

:- dynamic of_world/1, in_world/0.

main :-
    set_stream(user_input, encoding(utf8)),
    set_stream(user_output, encoding(utf8)),
    repeat,
    read_term(user_input, Term, []),
    ( Term == end_of_file -> true ; obey(Term), fail ),
    !.

obey(catalogue) :- !, assertz(in_world).
obey(done) :- !,
    forall(retract(of_world(Ref)), erase(Ref)),
    abolish_all_tables,
    format("done~n"), flush_output.
obey(ask(Ids, Own, Known, Level, Delegated, At, Type, Op, Key)) :- !,
    subject(Ids, Own, Known, Level, Delegated, At, Subject),
    answer(Subject, Known, Type, Op, Key, Decision, Reason, because(Missing, As, Needed)),
    next_change(Subject, At, Next),
    atomic_list_concat(Missing, ',', M), atomic_list_concat(As, ',', A),
    ( Needed == none -> N = 0 ; N = Needed ),
    format("~w\t~w\t~w\t~w\t~w\t~w~n", [Decision, Reason, M, A, N, Next]).
obey(list(Ids, Own, Known, Level, Delegated, At, Type)) :- !,
    subject(Ids, Own, Known, Level, Delegated, At, Subject),
    listed(Subject, Type, _, Keys),
    atomic_list_concat(['keys' | Keys], '\t', Line),
    format("~w~n", [Line]).
obey(Fact) :-
    assertz(rule:Fact, Ref),
    ( in_world -> assertz(of_world(Ref)) ; true ).

% Section 2: while groups are unknown only the subject's own ids count.
subject(Ids, Own, Known, Level, Delegated, At, subject(Counted, Level, Delegated, At)) :-
    (   Known == yes
    ->  Counted = Ids
    ;   length(Counted, Own), append(Counted, _, Ids) ).

:- initialization((main, halt), main).
